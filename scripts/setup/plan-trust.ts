import type { PolicyVariant } from '../cloud/names.ts';
import { describeDecision } from '../policy/decide.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { decideTrust } from '../policy/trust.ts';
import { diffLines } from './diff.ts';
import { ownSids, trustedBy, trustPolicy, type Trusted } from './documents.ts';
import { step, type Step } from './step.ts';
import { policyText, readPolicy, samePolicy, sameStatement, type Statement, type WrittenPolicy } from './written-policy.ts';

/** @param options.isOwn whether setup made the role, so that its statements are known by what they say, not by their Sid alone */
export function planTrust(role: { readonly name: string; readonly trust: string }, { variant, isOwn }: { variant: PolicyVariant; isOwn: boolean }): Step {
  const subject = ['trust policy', role.name] as const;
  const there = readPolicy(role.trust, `The trust policy of role ${role.name}`);
  const others = { ...there, Statement: there.Statement.filter((statement) => !isOwnStatement(statement, isOwn)) };
  const decided = trustedBy(variant).map((trusted) => ({ ...trusted, decision: decideTrust({ name: 'the trust policy', document: parsePolicy(policyText(others), { name: role.name, kind: 'trust' }) }, { service: trusted.principal }) }));
  const denied = decided.filter(({ decision }) => decision.effect === 'denied');
  if (denied.length > 0) return step('conflict', subject, `${denied.map(({ principal, decision }) => `${principal} ${describeDecision(decision)}`).join('; ')}. Take that statement out, or name another role with --role.`);
  const next = { ...there, Statement: [...others.Statement, ...decided.filter(({ decision }) => decision.effect === 'not-allowed').map((trusted) => statementFor(trusted, { there, variant, isOwn }))] };
  if (samePolicy(there, next)) {
    const stricter = decided.filter(({ decision }) => decision.effect === 'conditional').map(({ principal, decision }) => `${principal} ${describeDecision(decision)}`);
    return stricter.length > 0 ? step('leave', subject, `stricter than what setup writes: ${stricter.join('; ')}`) : step('keep', subject, `trusts ${principals(variant)}`);
  }
  const text = policyText(next);
  return step('change', subject, `to trust ${principals(variant)}`, { diff: diffLines(policyText(there), text), actions: [{ call: 'set trust', role: role.name, trust: text }] });
}

export function principals(variant: PolicyVariant): string {
  return trustedBy(variant).map(({ principal }) => principal).join(' and ');
}

/** Whether setup wrote it, for whichever variant. */
function isOwnStatement(statement: Statement, isOwn: boolean): boolean {
  if (statement.Condition !== undefined) return false;
  const bySid = statement.Sid === ownSids.credentials || statement.Sid === ownSids.sageMaker;
  return bySid || (isOwn && trustedBy('as-documented').some((known) => sameStatement(known.statement, statement)));
}

/** In a role of setup's own, as a new one has it; in another, as it stands there already, if it does. */
function statementFor({ statement }: Trusted, { there, variant, isOwn }: { there: WrittenPolicy; variant: PolicyVariant; isOwn: boolean }): Statement {
  const known = isOwn ? trustPolicy(variant).Statement : there.Statement;
  return known.find((one) => sameStatement(one, statement)) ?? statement;
}
