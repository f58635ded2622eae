import { describeDecision, type Policy } from '../../policy/decide.ts';
import { decideTrust, isOpenToAll, trusted } from '../../policy/trust.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, notApplicable, ok, warning } from '../verdict.ts';
import { parsedOrNot } from './permissions.ts';
import { command, roleConsole, takeOut } from './remedies.ts';
import { ofRole } from './role.ts';
import { namesOf, placeOf, type RoleInQuestion, variantFor } from './subject.ts';

const devices = 'credentials.iot.amazonaws.com';
const sageMaker = 'sagemaker.amazonaws.com';

export const trustChecks: readonly Check<CloudContext>[] = [
  {
    name: 'trust-credentials',
    title: `${devices} may take the role`,
    prerequisite: { step: '3', line: 51, says: `The trust relationship lets ${devices} take the role.` },
    meaning: 'Components get no credentials: the token exchange service answers with an error.',
    after: ['aws-credentials', 'role'],
    run: ofRole(async (found, context) => trustVerdict(devices, found, context)),
  },
  {
    name: 'trust-sagemaker',
    title: `${sageMaker} may take the role`,
    prerequisite: { step: '3', line: 58, says: `The trust relationship lets ${sageMaker} take the role.` },
    meaning: 'Jobs of SageMaker cannot use the role. Those of Edge Manager, which did, have ended.',
    after: ['aws-credentials', 'role'],
    run: ofRole(async (found, context) => {
      const verdict = await trustVerdict(sageMaker, found, context);
      return verdict.status === 'ok' || variantFor(found, context) !== 'least-privilege' ? verdict : notApplicable('a role of least privilege: the service that took it has ended');
    }),
  },
];

async function trustVerdict(service: string, { name, role, denied }: RoleInQuestion, context: CloudContext): Promise<Verdict> {
  if (denied !== undefined) throw denied;
  const trust = parsedOrNot({ name: '', document: role?.trust ?? '' }, 'trust policy', 'trust');
  if (typeof trust === 'string') return fail(trust, roleConsole(name, 'Trust relationships'));
  const decision = decideTrust(trust, { service, context: await contextOf(context) });
  const found = `${service} ${describeDecision(decision)}`;
  if (decision.effect === 'conditional') return warning(found, 'Find out whether that holds for the devices; without knowing, Fescue cannot decide it.');
  if (decision.effect === 'denied') return fail(found, takeOut(decision.by, roleConsole(name, 'Trust relationships')));
  if (decision.effect === 'not-allowed') return fail(`${found}; it trusts ${named(trust) || 'nobody'}`, command('aws', 'iam', 'update-assume-role-policy', '--role-name', name, '--policy-document', withService(role?.trust ?? '', service)));
  if (isOpenToAll(trust)) return warning(`${found}; so is everybody, in every account of AWS`, `Name who may take it: ${roleConsole(name, 'Trust relationships')}`);
  const others = named(trust, [devices, sageMaker]);
  return ok(others === '' ? found : `${found}; the role serves others, too: ${others}`);
}

/** With the credentials provider, a role alias takes the role, for a device of the account. */
async function contextOf(context: CloudContext): Promise<Record<string, string>> {
  const [{ partition, account, region }, { roleAlias }] = [await placeOf(context), await namesOf(context)];
  const ofAlias = roleAlias === undefined ? {} : { 'aws:SourceArn': `arn:${partition}:iot:${region}:${account}:rolealias/${roleAlias}` };
  const { thing } = context.subject;
  return { 'aws:SourceAccount': account, ...ofAlias, ...(thing === undefined ? {} : { 'credentials-iot:ThingName': thing }) };
}

function named(trust: Policy, without: readonly string[] = []): string {
  const ids = trusted(trust).map(({ id }) => id).filter((id) => !without.includes(id));
  return ids.length > 5 ? `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more` : ids.join(', ');
}

/** The document with one statement more, so that nobody loses the role. */
function withService(trust: string, service: string): string {
  const document = JSON.parse(trust) as { Statement: unknown };
  return JSON.stringify({ ...document, Statement: [document.Statement, { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }].flat() });
}
