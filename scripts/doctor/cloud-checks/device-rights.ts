import type { Certificate } from '../../cloud/cloud.ts';
import { decide } from '../../policy/decide.ts';
import type { RequestContext } from '../../policy/context.ts';
import type { CloudContext, Verdict } from '../check.ts';
import { notApplicable, warning } from '../verdict.ts';
import { freeName, parsedOrNot, type Permissions } from './permissions.ts';
import { regionalCommand } from './remedies.ts';
import { rightsVerdict } from './rights.ts';
import { attempt, placeOf } from './subject.ts';

/** One action that a device has to be allowed. @property inPolicy the resource as a policy for many devices names it */
export type DeviceRight = { readonly action: string; readonly resource: string; readonly inPolicy: string };

export type DeviceRights = {
  readonly thing: string;
  readonly rights: readonly DeviceRight[];
  /** What is known of the device's requests, besides who it is. */
  readonly known: RequestContext;
  /** Name of an IoT policy that allows what is missing. */
  readonly policyName: string;
  /** Another way out, before an `or`. */
  readonly otherwise?: string;
};

/** A certificate of a thing, with which it may connect. */
type Active = Certificate & { readonly arn: string };

/** Whether the IoT policies of the thing's certificate, and of the groups that the thing is in, allow all of it. */
export async function deviceRightsVerdict(asked: DeviceRights, context: CloudContext): Promise<Verdict> {
  const active = await activeCertificates(asked.thing, context);
  const verdicts = await Promise.all(active.map(async (certificate) => verdictWith(certificate, asked, context)));
  const [first = notApplicable('no active certificate', 'See the check thing.')] = verdicts;
  const worst = verdicts.find(({ status }) => status === 'fail') ?? verdicts.find(({ status }) => status === 'warning') ?? first;
  if (verdicts.every(({ status }) => status === worst.status)) return worst;
  return warning(`${worst.found}; that is so with one of ${active.length} active certificates, and which one the device uses is not known here`, worst.remedy ?? '');
}

async function activeCertificates(thing: string, { cloud: { things } }: CloudContext): Promise<Active[]> {
  const principals = await things.principalsOf(thing);
  const certificates = await Promise.all(principals.map(async (arn) => ({ arn, certificate: await things.certificate(arn) })));
  return certificates.flatMap(({ arn, certificate }) => (certificate?.isActive === true ? [{ arn, ...certificate }] : []));
}

async function verdictWith({ arn, id }: Active, { thing, rights, known, policyName, otherwise }: DeviceRights, context: CloudContext): Promise<Verdict> {
  const permissions = await permissionsOf(arn, thing, context);
  const requestContext = { 'iot:CertificateId': id, 'aws:SecureTransport': 'true', ...known };
  const decided = rights.map((right) => ({ ...right, decision: decide({ policies: permissions.policies, request: { ...right, context: requestContext } }) }));
  const missing = decided.filter(({ decision }) => decision.effect === 'not-allowed');
  const name = freeName(policyName.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 120), permissions);
  const create = regionalCommand(context, 'iot', 'create-policy', '--policy-name', name, '--policy-document', policyFor(missing));
  const attach = regionalCommand(context, 'iot', 'attach-policy', '--policy-name', name, '--target', arn);
  const grant = `${otherwise === undefined ? 'Attach' : `${otherwise}, or attach`} a policy that allows it, made once for all devices: ${create} ; ${attach}`;
  return rightsVerdict(decided, { console: () => 'AWS IoT console, Security, Policies.', permissions, grant });
}

async function permissionsOf(certificateArn: string, thing: string, context: CloudContext): Promise<Permissions> {
  const { things } = context.cloud;
  const { partition, region, account } = await placeOf(context);
  const groups = await attempt(things.groupsOf(thing));
  const targets = [certificateArn, ...(groups.value ?? []).map((group) => `arn:${partition}:iot:${region}:${account}:thinggroup/${group}`)];
  const read = await Promise.all(targets.map(async (target) => attempt(things.policiesOf(target))));
  const texts = new Map(read.flatMap(({ value = [] }) => value.map((policy) => [policy.name, policy] as const)));
  const parsed = [...texts.values()].map((policy) => parsedOrNot(policy, 'IoT policy'));
  return {
    policies: parsed.filter((one) => typeof one !== 'string'),
    inlineNames: [...texts.keys()],
    boundary: undefined,
    denied: [groups, ...read].flatMap(({ denied }) => denied ?? []),
    isBoundaryUnknown: false,
    unusable: parsed.filter((one) => typeof one === 'string'),
  };
}

/** One statement for each action. */
function policyFor(rights: readonly DeviceRight[]): string {
  const statements = [...Map.groupBy(rights, ({ action }) => action)].map(([Action, some]) => ({ Effect: 'Allow', Action, Resource: some.map(({ inPolicy }) => inPolicy) }));
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
