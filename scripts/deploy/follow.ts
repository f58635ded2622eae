import { setTimeout as sleep } from 'node:timers/promises';
import { FescueError } from '../../components/common/errors.ts';
import type { Order } from './order.ts';
import type { ComponentStatus, DeploymentState, DeploymentStatus, Handle, Target } from './target.ts';

/** How a deployment ended, and who is to blame when it failed. */
export type Outcome = {
  readonly id: string;
  readonly state: DeploymentState;
  readonly reason?: string | undefined;
  readonly components: readonly ComponentStatus[];
  readonly blamed?: { readonly component: string; readonly lines: readonly string[] } | undefined;
};

export type FollowOptions = {
  readonly target: Target;
  readonly handle: Handle;
  readonly order: Order;
  readonly timeoutMs: number;
  /** Between two looks. */
  readonly pollMs: number;
  /** Between success and the last look: a component counts as RUNNING when its process exists, and may end at once. */
  readonly settleMs: number;
  readonly signal: AbortSignal;
  /** Told each change of the deployment's state, and of a component's. */
  readonly onChange: (text: string) => void;
};

/** After a roll-back the start of the version before is at the end. */
const blamedLines = 25;

/** States in which a component is as it should be. */
const settled: readonly string[] = ['RUNNING', 'FINISHED'];

/**
 * Looks at a deployment until it has ended.
 *
 * @throws FescueError `deadline-exceeded` when it takes too long, `cancelled` on the signal; it then goes on without us
 */
export async function follow(options: FollowOptions): Promise<Outcome> {
  const { target, handle, order, onChange } = options;
  const deadline = Date.now() + options.timeoutMs;
  const watch = new Watch(order, onChange);
  for (;;) {
    const status = await target.progress(handle);
    const components = await target.components();
    watch.see(status, components);
    if (status.state === 'SUCCEEDED') return verified(options, watch);
    if (status.state === 'FAILED' || status.state === 'CANCELED') return failed({ options, components, watch }, status);
    if (Date.now() >= deadline) throw new FescueError('deadline-exceeded', `Deployment ${handle.id} is ${status.state} after ${options.timeoutMs / 1000} s: ${pending(order, components)}. It goes on; raise --timeout to wait longer.`);
    await pause(options, options.pollMs);
  }
}

/** What was seen so far; tells what is new. */
class Watch {
  /** Components that were seen to fail: after a roll-back nothing else shows them. */
  readonly broken = new Set<string>();
  readonly #onChange: (text: string) => void;
  readonly #names: readonly string[];
  readonly #known = new Map<string, string>();

  constructor(order: Order, onChange: (text: string) => void) {
    this.#names = [...Object.keys(order.add), ...order.remove];
    this.#onChange = onChange;
  }

  see(status: DeploymentStatus, components: readonly ComponentStatus[]): void {
    this.#tell('Deployment', status.state);
    this.seeComponents(components);
  }

  seeComponents(components: readonly ComponentStatus[]): void {
    for (const { name, version, state } of components) {
      if (!this.#names.includes(name)) continue;
      this.#tell(name, `${version} ${state}`.trim());
      if (state === 'BROKEN' || state === 'ERRORED') this.broken.add(name);
    }
  }

  #tell(subject: string, text: string): void {
    if (this.#known.get(subject) === text) return;
    this.#known.set(subject, text);
    this.#onChange(`${subject}: ${text}`);
  }
}

/** A deployment that says of itself that it succeeded has done so when its components show it. */
async function verified(options: FollowOptions, watch: Watch): Promise<Outcome> {
  await pause(options, options.settleMs);
  const components = await options.target.components();
  watch.seeComponents(components);
  const missing = unsettled(options.order, components);
  if (missing.length === 0) return { id: options.handle.id, state: 'SUCCEEDED', components };
  const status: DeploymentStatus = { id: options.handle.id, state: 'FAILED', reason: `the target calls the deployment SUCCEEDED, but ${missing.map(({ text }) => text).join(', ')}` };
  return failed({ options, components, watch }, status);
}

function pending(order: Order, components: readonly ComponentStatus[]): string {
  return unsettled(order, components).map(({ text }) => text).join(', ') || 'its components are as they should be';
}

function unsettled({ add, remove }: Order, components: readonly ComponentStatus[]): { name: string; text: string }[] {
  const wanted = Object.entries(add).flatMap(([name, version]) => {
    const found = components.find((one) => one.name === name);
    if (found === undefined) return [{ name, text: `${name} is not there` }];
    if (found.version !== version && found.version !== '') return [{ name, text: `${name} has version ${found.version} in place of ${version}` }];
    return settled.includes(found.state) ? [] : [{ name, text: `${name} is ${found.state}` }];
  });
  return [...wanted, ...remove.filter((name) => components.some((one) => one.name === name)).map((name) => ({ name, text: `${name} is still there` }))];
}

async function failed({ options, components, watch }: { options: FollowOptions; components: readonly ComponentStatus[]; watch: Watch }, status: DeploymentStatus): Promise<Outcome> {
  const { id, state, reason } = status;
  const component = blame({ order: options.order, components, broken: watch.broken, reason });
  const lines = component === undefined ? undefined : await lastLines(options.target, component);
  return { id, state, reason, components, blamed: component === undefined || lines === undefined ? undefined : { component, lines } };
}

/** The component a failure is about: one the reason names, else one that was seen to fail. */
export function blame(seen: { order: Order; components: readonly ComponentStatus[]; broken: ReadonlySet<string>; reason: string | undefined }): string | undefined {
  const names = [...new Set([...Object.keys(seen.order.add), ...seen.components.map(({ name }) => name)])].toSorted((left, right) => right.length - left.length);
  const named = names.find((name) => new RegExp(`(?<![\\w.-])${RegExp.escape(name)}(?![\\w-]|\\.\\w)`).test(seen.reason ?? ''));
  return named ?? names.find((name) => seen.broken.has(name)) ?? seen.components.find(({ state }) => state === 'BROKEN')?.name;
}

/** Undefined when it has no log: then it was never started. */
async function lastLines(target: Target, component: string): Promise<string[] | undefined> {
  const lines: string[] = [];
  try {
    await target.logs(component, { lines: blamedLines, follow: false, onLine: (line) => lines.push(line) });
    return lines;
  } catch (error) {
    if (error instanceof FescueError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

async function pause({ signal, handle }: FollowOptions, milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) throw new FescueError('cancelled', `No longer following deployment ${handle.id}; it goes on without this command.`);
}
