import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { FescueError } from '../../components/common/errors.ts';
import { inCheckout } from '../packaging/paths.ts';
import { nodeFlags } from '../packaging/recipes.ts';

/** The parent's end of a program that holds a model, whose runs block it. It answers each order before the next comes. */
export class ModelProgram<Order extends object, Answer> {
  readonly #process: ChildProcess;
  readonly #gone = new AbortController();

  /** @param main the program's file, in the checkout */
  constructor(main: string) {
    this.#process = fork(inCheckout(main), [], {
      serialization: 'advanced',
      execArgv: [...nodeFlags],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Without it ONNX Runtime (1.30) reports to Microsoft, and leaves files in the temporary folder when it is killed.
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    });
    this.#process.once('exit', () => this.#gone.abort());
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** @throws FescueError `unavailable` when the program ends, or has ended */
  async obey(order: Order): Promise<Answer> {
    const { signal } = this.#gone;
    try {
      const answered = once(this.#process, 'message', { signal });
      if (!signal.aborted) this.#process.send(order, () => undefined);
      const [answer] = (await answered) as [Answer];
      return answer;
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new FescueError('unavailable', 'The program that runs the model ended.', { cause: error });
    }
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
