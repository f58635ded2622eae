import { FescueError } from '../../components/common/errors.ts';
import { familyCpuMs, type Contender } from './contenders.ts';
import { ModelProgram } from './model-program.ts';
import type { Shapes } from './payload.ts';
import { together, type Turn, type TurnOrder } from './turn.ts';

/** What the baseline's program is told; it answers each order before the next comes. */
export type Order = { readonly kind: 'open'; readonly path: string; readonly intraOpThreads: number; readonly shapes: Shapes } | ({ readonly kind: 'turn' } & TurnOrder);
export type Answer = { readonly kind: 'opened' } | { readonly kind: 'turn'; readonly turn: Turn } | { readonly kind: 'failed'; readonly message: string };

export type InProcessOptions = {
  /** An ONNX file. */
  readonly path: string;
  readonly shapes: Shapes;
  readonly intraOpThreads: number;
  /** Programs that run the model side by side, as an agent has workers. */
  readonly instances: number;
  readonly signal: AbortSignal;
};

/**
 * The model without an agent: in programs that run it in their own process and share the callers among them. A run blocks
 * its program, so one has one run at a time, however many callers it has. Ended by `close`, or when the signal is aborted.
 *
 * @throws FescueError when the model cannot be opened
 */
export async function openInProcess({ path, shapes, intraOpThreads, instances, signal }: InProcessOptions): Promise<Contender & { readonly close: () => void }> {
  const programs = Array.from({ length: instances }, () => new ModelProgram<Order, Answer>('scripts/measure/in-process-main.ts'));
  const close = (): void => programs.forEach((program) => program.kill());
  signal.addEventListener('abort', close, { once: true });
  const opening = await Promise.allSettled(programs.map(async (program) => succeeded(await program.obey({ kind: 'open', path, shapes, intraOpThreads }))));
  const failed = opening.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    close();
    throw failed.reason;
  }
  return {
    name: 'in-process',
    takeTurn: async (order) => together(await Promise.all(shareOut(order, programs.length).map(async (share, index) => turnOf(await programs[index]?.obey({ kind: 'turn', ...share }))))),
    cpuMs: () => familyCpuMs(programs.flatMap(({ pid }) => pid ?? [])),
    close,
  };
}

/** The callers of a turn, and the most calls, shared among programs; with fewer callers than programs some have none. */
export function shareOut({ callers, ms, calls }: TurnOrder, programs: number): TurnOrder[] {
  const busy = Math.min(callers, programs);
  return Array.from({ length: busy }, (_, index) => ({
    callers: Math.floor(callers / busy) + (index < callers % busy ? 1 : 0),
    ms,
    ...(calls === undefined ? {} : { calls: Math.ceil(calls / busy) }),
  }));
}

function succeeded(answer: Answer | undefined): Answer | undefined {
  if (answer?.kind === 'failed') throw new FescueError('failed-precondition', `The model does not run in process: ${answer.message}`);
  return answer;
}

function turnOf(reply: Answer | undefined): Turn {
  const answer = succeeded(reply);
  if (answer?.kind !== 'turn') throw new FescueError('internal', 'The program of the in-process baseline did not answer with a turn.');
  return answer.turn;
}
