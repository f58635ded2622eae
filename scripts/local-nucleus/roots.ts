import { FescueError } from '../../components/common/errors.ts';
import { type DeploymentRequest, groupOf } from './deployment.ts';
import type { NucleusState } from './nucleus-state.ts';
import { builtInVersions, type Requirement } from './resolve.ts';

/** The root components after a deployment, and what is wanted of them. */
export type Roots = {
  /** Of the deployment's group: those it names as it names them, the others in the version that runs. */
  readonly wanted: Readonly<Record<string, string>>;
  readonly others: readonly Requirement[];
  /** Of all groups, to be kept once the deployment is done. */
  readonly groups: NucleusState['groups'];
  readonly runWith: Record<string, string>;
};

/**
 * Applies a deployment's changes to the root components.
 *
 * @throws FescueError `failed-precondition` when it configures a component that is no root component of the group
 */
export function chooseRoots(request: DeploymentRequest, state: NucleusState): Roots {
  const group = groupOf(request);
  const activeVersion = (name: string): string | undefined => builtInVersions[name] ?? state.components.find((one) => one.name === name)?.version;
  const stays = (name: string): boolean => request.remove !== 'others' && !request.remove.includes(name);
  const existing = Object.keys(state.groups[group] ?? {}).flatMap((name) => {
    const version = activeVersion(name);
    return version !== undefined && stays(name) ? [[name, version] as const] : [];
  });
  const wanted = { ...Object.fromEntries(existing), ...request.add };
  checkRoots('Configuration', Object.keys(request.configuration), wanted);
  checkRoots('A user', Object.keys(request.runWith), wanted);
  const others = Object.entries(state.groups).filter(([name]) => name !== group);
  return {
    wanted,
    others: others.flatMap(([name, roots]) => Object.entries(roots).map(([component, range]) => ({ requirer: `group ${name}`, name: component, range }))),
    groups: { ...state.groups, [group]: wanted },
    runWith: withoutEmpty({ ...state.runWith, ...request.runWith }),
  };
}

// A nucleus drops these without a word, and the component runs as if nothing had been said.
function checkRoots(subject: string, names: readonly string[], wanted: Readonly<Record<string, string>>): void {
  const other = names.filter((name) => !Object.hasOwn(wanted, name));
  if (other.length === 0) return;
  throw new FescueError('failed-precondition', `${subject} is given for ${other.join(', ')}, which this deployment does not hold as root component. Root components are ${Object.keys(wanted).join(', ') || 'none'}; a nucleus configures no others. Deploy it by name too, or correct the name.`);
}

function withoutEmpty(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}
