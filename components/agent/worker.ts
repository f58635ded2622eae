import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { FescueError } from '../common/errors.ts';
import { resourcePath } from '../common/resources.ts';
import { Arena } from './arena.ts';
import { FrameReader, frameKinds, writeFrame, type Frame, type FrameKind } from './frame.ts';
import type { MessageParts } from './message-parts.ts';
import { decodeJson, encodeCount, encodeJson, encodeNote, type Failure, type LoadOrder, type LoadResult } from './worker-messages.ts';

const workerPath = resourcePath('worker.cjs', '../agent/worker-main.ts');
const endGraceMs = 2_000;

type Pending = { readonly resolve: (payload: Buffer) => void; readonly reject: (error: FescueError) => void };

/**
 * The agent's handle of one worker process. When the process ends for whatever reason, every call under way is
 * rejected with `unavailable` and `onExit` is called once.
 */
export class Worker {
  #process: ChildProcess;
  #socket: Socket;
  #pending = new Map<number, Pending>();
  #arena = new Arena();
  #nextCallId = 1;
  #ended: string | undefined;
  #exit = Promise.withResolvers<void>();

  private constructor(process: ChildProcess, socket: Socket) {
    this.#process = process;
    this.#socket = socket;
  }

  static spawn(options: { onExit: (reason: string) => void }): Worker {
    const child = spawn(process.execPath, [workerPath], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], env: workerEnvironment() });
    const worker = new Worker(child, child.stdio[3] as Socket);
    worker.#listen(options.onExit);
    return worker;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** @throws FescueError as the worker answered, or `unavailable` when it ended meanwhile */
  async load(order: LoadOrder): Promise<LoadResult> {
    return decodeJson<LoadResult>(await this.#call(frameKinds.load, [encodeJson(order)]));
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
    this.#socket.cork();
    if (requests.length > 1) writeFrame(this.#socket, { kind: frameKinds.batch, callId: 0, payload: [encodeCount(requests.length)] });
    const answers = requests.map((request, index) => {
      const note = notes[index];
      return note === undefined ? this.#call(frameKinds.predict, request.parts) : this.#call(frameKinds.predictShared, [encodeNote(note)]);
    });
    this.#socket.uncork();
    return answers;
  }

  /** Ends the process: by closing its socket, and with SIGKILL if native code keeps it longer than two seconds. */
  async stop(): Promise<void> {
    this.#socket.end();
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), endGraceMs);
    await this.#exit.promise;
    clearTimeout(kill);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #call(kind: FrameKind, payload: readonly Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(workerEnded(this.#ended));
      const callId = this.#nextCallId;
      this.#nextCallId = (this.#nextCallId % 0xffff_ffff) + 1;
      this.#pending.set(callId, { resolve, reject });
      writeFrame(this.#socket, { kind, callId, payload });
    });
  }

  #listen(onExit: (reason: string) => void): void {
    const reader = new FrameReader((frame) => this.#settle(frame));
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk));
    // A dying worker resets the pair; its exit tells the story.
    this.#socket.on('error', () => undefined);
    const end = (reason: string): void => {
      if (this.#ended !== undefined) return;
      this.#ended = reason;
      for (const { reject } of this.#pending.values()) reject(workerEnded(reason));
      this.#pending.clear();
      this.#arena.close();
      this.#exit.resolve();
      onExit(reason);
    };
    this.#process.once('error', (error) => end(`it could not be started: ${error.message}`));
    this.#process.once('exit', (code, signal) => end(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`));
  }

  #settle(frame: Frame): void {
    const pending = this.#pending.get(frame.callId);
    this.#pending.delete(frame.callId);
    if (frame.kind === frameKinds.failure) {
      const failure = decodeJson<Failure>(frame.payload);
      pending?.reject(new FescueError(failure.kind, failure.message));
    } else {
      pending?.resolve(frame.payload);
    }
  }
}

function workerEnded(reason: string): FescueError {
  return new FescueError('unavailable', `The model's worker process is gone: ${reason}.`);
}

/**
 * Only what Node and native libraries need: a model has no business with the agent's tokens. ONNX Runtime's Linux
 * binaries report to Microsoft unless they are told not to (since 1.30).
 */
function workerEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_PATH', 'LD_LIBRARY_PATH'];
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.includes(name))), ORT_DISABLE_TELEMETRY: '1' };
}
