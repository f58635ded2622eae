import type { HeartbeatProvider } from '../../components/agent/heartbeat/heartbeat-settings.ts';
import { fleetNames } from '../cloud/names.ts';
import type { AgentFacts, Subject } from './check.ts';
import type { DeviceView } from './device/device-view.ts';

/** A name, and where it comes from, in the words of somebody who wants to change it. */
export type Named = { readonly value: string; readonly origin: string };
export const subjectNames = ['thing', 'fleet', 'group', 'role', 'roleAlias', 'bucket', 'prefix', 'region', 'account'] as const satisfies readonly (keyof Subject)[];
type Name = (typeof subjectNames)[number];
export type FoundSubject = { readonly [Key in Name]?: Named };

/** What the command line names. */
export type SubjectFlags = Omit<Subject, 'group' | 'prefix' | keyof AgentFacts>;

type Candidate = readonly [value: string | undefined, origin: string];

/** What is examined, by flags, by the device where one could be looked at, and by the environment, in this order. */
export function findSubject(flags: SubjectFlags, device: Pick<DeviceView, 'nucleus' | 'agent'> | undefined, environment: NodeJS.ProcessEnv): FoundSubject {
  const { nucleus, agent } = device ?? {};
  const inNucleus = nucleus?.configurationFile ?? '';
  const settings = agent?.component === undefined ? undefined : agent.settings;
  const inAgent = (key: string): string => `${key} of ${agent?.component?.name}`;
  const { thingName, roleAlias, region } = nucleus?.configuration ?? {};
  const fleet = first([flags.fleet, '--fleet'], [settings?.DeviceFleetName, inAgent('DeviceFleetName')]);
  return withoutAbsent({
    thing: first([flags.thing, '--thing'], [thingName, inNucleus], [settings?.DeviceName, inAgent('DeviceName')], [environment['AWS_IOT_THING_NAME'], 'AWS_IOT_THING_NAME']),
    fleet,
    group: fleet,
    role: first([flags.role, '--role']),
    roleAlias: first([flags.roleAlias, '--role-alias'], [roleAlias, inNucleus]),
    bucket: first([flags.bucket, '--bucket'], [settings?.BucketName, inAgent('BucketName')]),
    prefix: first([settings?.FolderPrefix, inAgent('FolderPrefix')]),
    region: first([flags.region, '--region'], [region, inNucleus], [settings?.AwsRegion, inAgent('AwsRegion')], [environment['AWS_REGION'], 'AWS_REGION'], [environment['AWS_DEFAULT_REGION'], 'AWS_DEFAULT_REGION']),
    account: first([flags.account, '--account']),
  });
}

/** What AWS tells of it. @property role that the devices take, as far as that can be told */
export type CloudPlace = { readonly account: string; readonly region: string; readonly role: string | undefined };

/** Fills in what nobody named: what `fescue setup` would choose for the fleet, and the role behind an alias of others. */
export function completeSubject(found: FoundSubject, { account, region, role }: CloudPlace): FoundSubject {
  const names = found.fleet === undefined ? undefined : fleetNames(found.fleet.value, { account, region });
  const chosen = 'as fescue setup names it';
  const roleAlias = found.roleAlias ?? first([names?.roleAlias, chosen]);
  return withoutAbsent({
    ...found,
    region: found.region ?? { value: region, origin: "the region of AWS's configuration" },
    roleAlias,
    role: found.role ?? first([role, role === names?.role ? chosen : `the role of ${roleAlias?.value}`]),
    bucket: found.bucket ?? first([names?.bucket, chosen]),
  });
}

/** What the agent's settings say besides names; nothing without an agent. */
export function agentFactsOf({ component, settings }: DeviceView['agent']): AgentFacts {
  if (component === undefined) return {};
  const device = settings.DeviceName === '' ? {} : { device: settings.DeviceName };
  return { anyBucketName: settings.BucketNameRule === 'any', provider: settings.Provider as HeartbeatProvider, ...device };
}

/** The names alone, for the checks, and what else the agent's settings say. */
export function subjectOf(found: FoundSubject, agent: AgentFacts): Subject {
  const names: Omit<Subject, keyof AgentFacts> = Object.fromEntries(Object.entries(found).map(([key, { value }]) => [key, value]));
  return { ...names, ...agent };
}

function first(...candidates: readonly Candidate[]): Named | undefined {
  const [value, origin] = candidates.find(([candidate]) => candidate !== undefined && candidate !== '') ?? [];
  return value === undefined || origin === undefined ? undefined : { value, origin };
}

function withoutAbsent(found: { readonly [Key in Name]?: Named | undefined }): FoundSubject {
  return Object.fromEntries(Object.entries(found).filter(([, named]) => named !== undefined));
}
