import { resourcePath } from '../common/resources.ts';
import { Arena } from './arena.ts';
import { childEnvironment, ChildLink } from './child-link.ts';
import { frameKinds } from './frame.ts';
import type { MessageParts } from './message-parts.ts';
import { decodeJson, encodeCount, encodeJson, encodeNote, type LoadOrder, type LoadResult } from './worker-messages.ts';

const workerPath = resourcePath('worker.cjs', '../agent/worker-main.ts');

type WorkerOptions = {
  readonly onExit: (reason: string) => void;
  /** What to do when it ended in the middle of a call. */
  readonly advice?: string | undefined;
};

/** The agent's handle of one worker process. When it ends for whatever reason, `onExit` is called once. */
export class Worker {
  readonly #link: ChildLink;
  readonly #arena = new Arena();

  private constructor({ onExit, advice }: WorkerOptions) {
    this.#link = new ChildLink({
      subject: "The model's worker process",
      ...(advice === undefined ? {} : { advice }),
      program: workerPath,
      // A model has no business with the agent's tokens. ONNX Runtime's Linux binaries report to Microsoft unless they
      // are told not to (since 1.30).
      environment: { ...childEnvironment(), ORT_DISABLE_TELEMETRY: '1' },
      onExit: (reason) => {
        this.#arena.close();
        onExit(reason);
      },
    });
  }

  static spawn(options: WorkerOptions): Worker {
    return new Worker(options);
  }

  get pid(): number | undefined {
    return this.#link.pid;
  }

  /** @throws FescueError as the worker answered, or `unavailable` when it ended meanwhile */
  async load(order: LoadOrder): Promise<LoadResult> {
    return decodeJson<LoadResult>(await this.#link.call(frameKinds.load, [encodeJson(order)]));
  }

  /**
   * Runs predictions, as one where they fit together; those before must have been answered. Large requests travel
   * through shared memory.
   *
   * @param requests PredictRequest messages
   * @returns for each a PredictResponse message
   */
  predict(requests: readonly MessageParts[]): Promise<Buffer>[] {
    const notes = this.#arena.place(requests);
    return this.#link.together(() => {
      if (requests.length > 1) this.#link.note(frameKinds.batch, [encodeCount(requests.length)]);
      return requests.map((request, index) => {
        const note = notes[index];
        return note === undefined ? this.#link.call(frameKinds.predict, request.parts) : this.#link.call(frameKinds.predictShared, [encodeNote(note)]);
      });
    });
  }

  /** Ends the process: by closing its socket, and with SIGKILL if native code keeps it longer than two seconds. */
  async stop(): Promise<void> {
    await this.#link.stop();
  }

  kill(): void {
    this.#link.kill();
  }
}
