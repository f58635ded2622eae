import { FescueError } from '../../components/common/errors.ts';
import { follow, type Outcome } from '../deploy/follow.ts';
import type { Order } from '../deploy/order.ts';
import type { Target } from '../deploy/target.ts';
import { formatTable } from './table.ts';

/** Between two looks at a deployment. */
const pollMs = 1_000;
/** A component that cannot work has failed three times by then, as a rule. */
const settleMs = 3_000;

export type DeployOnce = {
  readonly target: Target;
  readonly order: Order;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** The rest of the command that shows the state later, such as ` --to lite`. */
  readonly flags: string;
};

/** Deploys and follows it to its end. @throws FescueError as `follow`, with the way to look later */
export async function deployOnce(options: DeployOnce): Promise<Outcome> {
  const { target, order, timeoutMs, signal, say } = options;
  if (signal.aborted) throw new FescueError('cancelled', 'Interrupted before anything was deployed.');
  const handle = await target.deploy(order);
  say(`Deployment ${handle.id}`);
  try {
    return await follow({ target, handle, order, timeoutMs, pollMs, settleMs, signal, onChange: say });
  } catch (error) {
    if (!(error instanceof FescueError) || !['cancelled', 'deadline-exceeded'].includes(error.kind)) throw error;
    throw new FescueError(error.kind, `${error.message} Look later with: fescue deploy --status${options.flags}`, { cause: error });
  }
}

/** Components with version and state, as a table. */
export function componentTable(components: Outcome['components']): string {
  return formatTable([{ title: 'component' }, { title: 'version' }, { title: 'state' }], components.map(({ name, version, state }) => [name, version, state]));
}

/** The components of the order, as they are on the target; those that are gone are REMOVED. */
export function ofOrder({ components }: Outcome, order: Order): Outcome['components'] {
  const gone = order.remove.filter((name) => !components.some((one) => one.name === name));
  return [...components.filter(({ name }) => Object.hasOwn(order.add, name) || order.remove.includes(name)), ...gone.map((name) => ({ name, version: '', state: 'REMOVED' }))];
}

/** Why a deployment failed, for people; undefined when it did not. */
export function failureText({ id, state, reason, blamed }: Outcome): string | undefined {
  if (state === 'SUCCEEDED') return undefined;
  const subject = `Deployment ${id} is ${state}${reason === undefined ? '' : `: ${reason}`}`;
  if (blamed === undefined) return subject;
  return `${subject}\nThe log of ${blamed.component} ends with:\n${blamed.lines.map((line) => `  ${line}`).join('\n')}`;
}
