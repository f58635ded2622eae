import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';

/** A program and its arguments. */
export type Argv = readonly [program: string, ...args: string[]];

export type Finished = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type ProcessOptions = {
  /** The process is ended after so long; no limit by default. */
  readonly timeoutMs?: number;
  /** Ends the process; how it ended is then no error. */
  readonly signal?: AbortSignal;
  /** Goes to its standard input, which is empty without. */
  readonly input?: Uint8Array;
  /** Gets the lines of stdout as they come, in place of `stdout`. */
  readonly onLine?: (line: string) => void;
};

/** The code a shell gives for a program that is not there. */
export const programMissing = 127;

const maxOutputBytes = 16 * 1024 ** 2;

/**
 * Runs a program to its end; a program that is not there ends with 127.
 *
 * @throws FescueError `deadline-exceeded` when it takes too long, `resource-exhausted` when it prints more than 16 MB
 */
export async function runProcess(argv: Argv, options: ProcessOptions = {}): Promise<Finished> {
  const [program, ...args] = argv;
  const child = spawn(program, args);
  // A program that reads no more tells by its end what that means.
  child.stdin.on('error', () => undefined).end(options.input);
  const stop = (): void => {
    child.kill('SIGTERM');
    // A process below it may outlive it, or be root's: it ends when nobody reads any more.
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  };
  let failure: FescueError | undefined;
  const giveUp = (error: FescueError): void => {
    failure ??= error;
    stop();
  };
  const stdout = options.onLine === undefined ? collect(child.stdout, program, giveUp) : lines(child.stdout, options.onLine);
  const stderr = collect(child.stderr, program, giveUp);
  const seconds = (options.timeoutMs ?? 0) / 1000;
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => giveUp(new FescueError('deadline-exceeded', `${program} took more than ${seconds} s and was ended. It may have lost its connection; try again.`)), options.timeoutMs);
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted === true) stop();
  try {
    const code = await exitCode(child);
    if (failure !== undefined) throw failure;
    return { code, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return { code: programMissing, stdout: '', stderr: `${program}: not found` };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

async function exitCode(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.on('error', (error) => reject(hasCode(error, 'ENOENT') ? error : new FescueError('failed-precondition', `${child.spawnfile} cannot be started: ${messageOf(error)}. Check the program and its permissions.`, { cause: error })));
  child.on('close', (code) => resolve(code ?? 1));
  return promise;
}

function collect(stream: NodeJS.ReadableStream, program: string, giveUp: (error: FescueError) => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxOutputBytes) giveUp(new FescueError('resource-exhausted', `${program} printed more than ${maxOutputBytes} bytes and was ended. Run it by hand to see what it prints.`));
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function lines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => string {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
  return () => '';
}
