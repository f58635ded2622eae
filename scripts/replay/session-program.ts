import type { Failure, ModelTensors } from '../../components/agent/worker-messages.ts';
import { FescueError } from '../../components/common/errors.ts';
import type { Tensor } from '../../components/common/tensor.ts';
import { ModelProgram } from '../measure/model-program.ts';
import type { ReplayModel } from './replay-model.ts';

/** What the program is told: to open a model, then to run it. */
export type Order = { readonly path: string; readonly intraOpThreads: number } | { readonly inputs: readonly Tensor[] };
export type Answer = { readonly tensors: ModelTensors } | { readonly outputs: readonly Tensor[] } | { readonly failure: Failure };

export type SessionOptions = {
  /** A package folder or an `.onnx` file, as an absolute path. */
  readonly path: string;
  readonly intraOpThreads: number;
  readonly signal: AbortSignal;
};

/**
 * Runs a model in a program of its own. It ends with `use`, or when the signal is aborted.
 *
 * @throws FescueError as an agent would refuse the model
 */
export async function withSessionProgram<Result>({ path, intraOpThreads, signal }: SessionOptions, use: (model: ReplayModel) => Promise<Result>): Promise<Result> {
  const program = new SessionProgram();
  const kill = (): void => program.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const tensors = await program.open({ path, intraOpThreads });
    return await use({ tensors, run: (inputs) => program.run(inputs) });
  } finally {
    signal.removeEventListener('abort', kill);
    program.kill();
  }
}

/** Passes orders on one at a time, however many callers there are. */
class SessionProgram {
  readonly #program = new ModelProgram<Order, Answer>('scripts/replay/session-main.ts');
  #last: Promise<unknown> = Promise.resolve();

  async open(order: Extract<Order, { path: string }>): Promise<ModelTensors> {
    const answer = await this.#obey(order);
    if ('tensors' in answer) return answer.tensors;
    throw new FescueError('internal', 'The program that runs the model did not tell its tensors.');
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const answer = await this.#obey({ inputs });
    if ('outputs' in answer) return answer.outputs;
    throw new FescueError('internal', 'The program that runs the model gave no outputs.');
  }

  kill(): void {
    this.#program.kill();
  }

  async #obey(order: Order): Promise<Answer> {
    const turn = this.#last.then(() => this.#program.obey(order));
    this.#last = turn.catch(() => undefined);
    const answer = await turn;
    if ('failure' in answer) throw new FescueError(answer.failure.kind, answer.failure.message);
    return answer;
  }
}
