import { FescueError, messageOf } from '../../components/common/errors.ts';
import { type ConditionTest, type Listed, type ListedPrincipals, type PolicyDocument, type PolicyKind, policyVersions, type Principal, type PrincipalKind, type Statement } from './document.ts';

/** Far above what IAM takes, also for policies of AWS itself. */
const mostCharacters = 256 * 1024;
const principalKinds: readonly PrincipalKind[] = ['AWS', 'Service', 'Federated', 'CanonicalUser'];
const documentKeys = ['Version', 'Id', 'Statement'];
const statementKeys = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'NotPrincipal', 'Condition'];

type Fields = Readonly<Record<string, unknown>>;
/** Refuses what stands at a place. */
type Refuse = (at: string, expected: string, got: unknown) => never;

/**
 * Reads a policy document as strictly as IAM does, but for elements that it does not know: those are left out.
 *
 * @param text JSON, with IAM's URL encoding taken off
 * @param about.name of the policy, for messages
 * @throws FescueError `invalid-argument` with the place, what was expected and what stands there
 */
export function parsePolicy(text: string, { name, kind }: { readonly name: string; readonly kind: PolicyKind }): PolicyDocument {
  const refuse: Refuse = (at, expected, got) => {
    throw new FescueError('invalid-argument', `Policy ${name} cannot be used: ${at}: expected ${expected}, got ${described(got)}. Correct the policy.`);
  };
  if (text.length > mostCharacters) throw new FescueError('invalid-argument', `Policy ${name} cannot be used: expected at most ${mostCharacters} characters, got ${text.length}. Shorten it.`);
  const document = fieldsOf(jsonOf(text, name), { at: 'the document', known: documentKeys, refuse });
  const { Version: version = policyVersions[0], Statement: statement } = document;
  const statements = Array.isArray(statement) ? statement : [statement];
  return {
    version: policyVersions.find((one) => one === version) ?? refuse('Version', policyVersions.join(' or '), version),
    statements: statements.map((one: unknown, index) => statementOf(one, { at: Array.isArray(statement) ? `Statement[${index}]` : 'Statement', kind, refuse })),
  };
}

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FescueError('invalid-argument', `Policy ${name} cannot be used: it is not JSON (${messageOf(error)}). Correct the policy.`, { cause: error });
  }
}

function statementOf(value: unknown, { at, kind, refuse }: { at: string; kind: PolicyKind; refuse: Refuse }): Statement {
  const fields = fieldsOf(value, { at, known: statementKeys, refuse });
  const { Sid: sid, Effect: effect, Condition: condition } = fields;
  const place = { at, refuse };
  return {
    sid: sid === undefined || typeof sid === 'string' ? sid : refuse(`${at}.Sid`, 'a text', sid),
    effect: effect === 'Allow' || effect === 'Deny' ? effect : refuse(`${at}.Effect`, 'Allow or Deny', effect),
    actions: listed(oneOf(fields, { ...place, name: 'Action' }), { ...place, one: 'an action such as s3:PutObject, or *', shape: /^(?:\*|[^:\s]+:\S+)$/ }),
    resources: kind === 'trust' ? absent(fields, { ...place, names: ['Resource', 'NotResource'] }) : listed(oneOf(fields, { ...place, name: 'Resource' }), { ...place, one: 'an ARN, or *', shape: /^(?:\*|arn:)/ }),
    principals: kind === 'identity' ? absent(fields, { ...place, names: ['Principal', 'NotPrincipal'] }) : principalsOf(oneOf(fields, { ...place, name: 'Principal' }), place),
    conditions: condition === undefined ? [] : conditionsOf(condition, { at: `${at}.Condition`, refuse }),
  };
}

type Place = { readonly at: string; readonly refuse: Refuse };
type Element = { readonly name: string; readonly isNot: boolean; readonly value: unknown };

/** An element or its opposite, of which there has to be exactly one. */
function oneOf(fields: Fields, { at, refuse, name }: Place & { name: string }): Element {
  const opposite = `Not${name}`;
  const [plain, not] = [fields[name], fields[opposite]];
  if ((plain === undefined) === (not === undefined)) refuse(at, `either ${name} or ${opposite}`, plain === undefined ? undefined : `${name} and ${opposite}`);
  return plain === undefined ? { name: opposite, isNot: true, value: not } : { name, isNot: false, value: plain };
}

function absent(fields: Fields, { at, refuse, names }: Place & { names: readonly string[] }): undefined {
  for (const name of names) if (fields[name] !== undefined) refuse(`${at}.${name}`, 'nothing in a policy of this kind', fields[name]);
}

function listed({ name, isNot, value }: Element, { at, refuse, one, shape }: Place & { one: string; shape: RegExp }): Listed {
  const patterns = textsOf(value, { at: `${at}.${name}`, refuse, one });
  const wrong = patterns.find((pattern) => !shape.test(pattern));
  return { isNot, patterns: wrong === undefined ? patterns : refuse(`${at}.${name}`, one, wrong) };
}

function principalsOf({ name, isNot, value }: Element, { at, refuse }: Place): ListedPrincipals {
  if (value === '*') return { isNot, principals: [{ kind: 'any', id: '*' }] };
  const place = `${at}.${name}`;
  const principals = Object.entries(fieldsOf(value, { at: place, known: principalKinds, refuse })).flatMap(([key, ids]): Principal[] => {
    const kind = principalKinds.find((one) => one === key) ?? refuse(place, `* or ids by ${principalKinds.join(', ')}`, key);
    return textsOf(ids, { at: `${place}.${key}`, refuse, one: 'an id' }).map((id) => (kind === 'AWS' && id === '*' ? { kind: 'any', id } : { kind, id }));
  });
  return { isNot, principals };
}

function conditionsOf(value: unknown, { at, refuse }: Place): ConditionTest[] {
  return Object.entries(fieldsOf(value, { at, known: [], refuse })).flatMap(([operator, keys]) =>
    Object.entries(fieldsOf(keys, { at: `${at}.${operator}`, known: [], refuse })).map(([key, values]) => {
      const plain = (Array.isArray(values) ? values : [values]).map((one: unknown) => (typeof one === 'boolean' || typeof one === 'number' ? String(one) : one));
      return { operator, key, values: textsOf(plain, { at: `${at}.${operator}.${key}`, refuse, one: 'a value' }) };
    }),
  );
}

function textsOf(value: unknown, { at, refuse, one }: Place & { one: string }): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => (typeof item === 'string' ? item : refuse(at, `${one}, or a list of them`, item)));
}

/** What is known in another case is no unknown element: left out, it would turn a condition into none. */
function fieldsOf(value: unknown, { at, known, refuse }: Place & { known: readonly string[] }): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(at, 'an object', value);
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const key of fields.keys()) {
    const meant = known.find((one) => one !== key && one.toLowerCase() === key.toLowerCase());
    if (meant !== undefined) refuse(at, meant, key);
  }
  return Object.fromEntries(fields);
}

function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value);
}
