import { AgentClient, type Capture } from '../common/agent-client.ts';
import { FescueError, messageOf, type ErrorKind } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { pause } from '../common/pause.ts';
import { within } from '../common/within.ts';

/** Where captures go. */
export type CaptureSink = {
  /** @throws FescueError when the capture is not taken */
  capture(capture: Capture): Promise<void>;
  /** Captures under way are rejected. */
  close(): void;
};

const retryMs = 500;
/** The agent is being replaced, or has not loaded the model again. */
const passing: ReadonlySet<ErrorKind> = new Set(['unavailable', 'not-found']);

/**
 * The agent, on a connection of its own: on theirs, predictions would wait behind large images. An agent that is away
 * is waited for, as long as one capture may take.
 */
export function agentSink({ socketPath, timeoutMs }: { socketPath: string; timeoutMs: number }): CaptureSink {
  const client = new AgentClient({ socketPath });
  const closed = new AbortController();
  const capture = async (one: Capture): Promise<void> => {
    const giveUpAt = performance.now() + timeoutMs;
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await client.captureData(one, { timeoutMs: Math.max(1, giveUpAt - performance.now()) });
      } catch (error) {
        if (!(error instanceof FescueError)) throw error;
        // It was safe before, and only the answer was lost.
        if (!isFirst && error.kind === 'already-exists') return;
        if (!passing.has(error.kind) || closed.signal.aborted || performance.now() + retryMs > giveUpAt) throw error;
        await pause(retryMs, closed.signal);
      }
    }
  };
  return {
    capture,
    close() {
      closed.abort();
      client.close();
    },
  };
}

const mostUnderWay = 4;

/** Sends captures beside the classification. One that the sink refuses is not sent again. */
export class CaptureSender {
  readonly #sink: CaptureSink;
  readonly #log: Logger;
  readonly #underWay = new Set<Promise<void>>();
  readonly #refusals = new Map<ErrorKind, number>();
  #captured = 0;
  #skipped = 0;

  constructor(options: { sink: CaptureSink; log: Logger }) {
    this.#sink = options.sink;
    this.#log = options.log;
  }

  get counts(): { captured: number; capturesRefused: number; capturesSkipped: number } {
    const capturesRefused = [...this.#refusals.values()].reduce((sum, count) => sum + count, 0);
    return { captured: this.#captured, capturesRefused, capturesSkipped: this.#skipped };
  }

  /** Refused captures by the kind of the error. */
  get refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }

  /**
   * Sends a capture and returns at once; when four are under way, this one is skipped.
   *
   * @param prepare makes the capture; called only when it is sent
   */
  send(prepare: () => Promise<Capture>): void {
    if (this.#underWay.size >= mostUnderWay) return this.#skip();
    const sending = this.#send(prepare).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  /** Waits for the captures under way, so long; gives up the others, and the sink. */
  async finish(timeoutMs: number): Promise<void> {
    const all = Promise.all(this.#underWay);
    await within(timeoutMs, all, () => new FescueError('deadline-exceeded', `No answer within ${timeoutMs / 1000} s.`)).catch((error: unknown) => {
      this.#log.warn({ reason: messageOf(error), captures: this.#underWay.size }, 'captures under way are given up');
    });
    this.#sink.close();
    await all;
  }

  async #send(prepare: () => Promise<Capture>): Promise<void> {
    try {
      const capture = await prepare();
      await this.#sink.capture(capture);
      this.#captured += 1;
      this.#log.debug({ capture: capture.id }, 'captured');
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const kind = error instanceof FescueError ? error.kind : 'internal';
    const before = this.#refusals.get(kind) ?? 0;
    this.#refusals.set(kind, before + 1);
    if (before === 0) this.#log.warn({ kind, reason: messageOf(error) }, 'a capture was refused; further ones of this kind are only counted');
  }

  #skip(): void {
    if (this.#skipped === 0) this.#log.warn({ underWay: mostUnderWay }, 'a capture was skipped, because those before it are not done; further ones are only counted');
    this.#skipped += 1;
  }
}
