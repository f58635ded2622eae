import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { FescueError } from '../common/errors.ts';
import { FrameReader, frameKinds, writeFrame, type Frame, type FrameKind } from './frame.ts';
import { decodeJson, type Failure } from './worker-messages.ts';

const endGraceMs = 2_000;

type Pending = { readonly resolve: (payload: Buffer) => void; readonly reject: (error: FescueError) => void };

export type ChildOptions = {
  /** What the process is called in messages: `The model's worker process`. */
  readonly subject: string;
  /** What to do when it ended in the middle of a call; nothing is said of that without. */
  readonly advice?: string;
  /** The program, run by this Node. */
  readonly program: string;
  /** Options of Node in front of the program. */
  readonly nodeFlags?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Called once, when the process has ended for whatever reason. */
  readonly onExit: (reason: string) => void;
  /** Takes the frames that answer no call. */
  readonly onNote?: (frame: Frame) => void;
};

/**
 * A child process that answers calls over a socket pair on its descriptor 3. When it ends, every call under way is
 * rejected with `unavailable`.
 */
export class ChildLink {
  readonly #options: ChildOptions;
  readonly #process: ChildProcess;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #exit = Promise.withResolvers<void>();
  #nextCallId = 1;
  #ended: string | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#process = spawn(process.execPath, [...(options.nodeFlags ?? []), options.program], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], env: options.environment });
    this.#socket = this.#process.stdio[3] as Socket;
    const reader = new FrameReader((frame) => this.#settle(frame));
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk));
    // A dying process resets the pair; its exit tells the story.
    this.#socket.on('error', () => undefined);
    this.#process.once('error', (error) => this.#end(`it could not be started: ${error.message}`));
    this.#process.once('exit', (code, signal) => this.#end(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** @returns the payload of the answer; rejected as the child says, or with `unavailable` when it ended meanwhile */
  call(kind: FrameKind, payload: readonly Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#gone(this.#ended));
      const callId = this.#nextCallId;
      this.#nextCallId = (this.#nextCallId % 0xffff_ffff) + 1;
      this.#pending.set(callId, { resolve, reject });
      writeFrame(this.#socket, { kind, callId, payload });
    });
  }

  /** Writes a frame that has no answer. */
  note(kind: FrameKind, payload: readonly Buffer[]): void {
    if (this.#ended === undefined) writeFrame(this.#socket, { kind, callId: 0, payload });
  }

  /** What is written meanwhile goes out together. */
  together<Result>(write: () => Result): Result {
    this.#socket.cork();
    try {
      return write();
    } finally {
      this.#socket.uncork();
    }
  }

  /** Ends the process: by closing its socket, and with SIGKILL if that takes longer than `graceMs`. */
  async stop(graceMs = endGraceMs): Promise<void> {
    this.#socket.end();
    const kill = setTimeout(() => this.kill(), graceMs);
    await this.#exit.promise;
    clearTimeout(kill);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const { reject } of this.#pending.values()) reject(this.#gone(reason));
    this.#pending.clear();
    this.#exit.resolve();
    this.#options.onExit(reason);
  }

  #settle(frame: Frame): void {
    if (frame.callId === 0) return this.#options.onNote?.(frame);
    const pending = this.#pending.get(frame.callId);
    this.#pending.delete(frame.callId);
    if (frame.kind === frameKinds.failure) {
      const failure = decodeJson<Failure>(frame.payload);
      pending?.reject(new FescueError(failure.kind, failure.message));
    } else {
      pending?.resolve(frame.payload);
    }
  }

  #gone(reason: string): FescueError {
    const { subject, advice } = this.#options;
    return new FescueError('unavailable', `${subject} is gone: ${reason}.${advice === undefined ? '' : ` ${advice}`}`);
  }
}

/** Of this process' environment only what Node and native libraries need, and what is named. */
export function childEnvironment(...names: readonly string[]): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_PATH', 'LD_LIBRARY_PATH', ...names];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.includes(name)));
}
