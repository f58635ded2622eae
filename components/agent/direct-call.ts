import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status, type Server } from '@grpc/grpc-js';
import { FescueError } from '../common/errors.ts';
import { MessageParts } from './message-parts.ts';
import { statusOf } from './status.ts';

export type DirectCallOptions = {
  /** The method's HTTP/2 path. */
  readonly path: string;
  /** The longest request, in bytes. */
  readonly maxMessageBytes: number;
  /** Answers a request message with a response message; the signal aborts on cancellation and deadline. */
  readonly answer: (request: MessageParts, signal: AbortSignal) => Promise<Buffer>;
  /** Told the gRPC status of every call. */
  readonly onAnswered: (code: number) => void;
};

/** What grpc-js (1.14) keeps to itself: what it does with each new stream. */
type Internals = { _streamHandler: (this: Server, interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void };

/**
 * Answers one unary method on its HTTP/2 streams, past the layers of the grpc-js server: those take as long as the
 * rest of a small prediction (docs/decisions/0006). Calls with anything out of the ordinary, such as compression, stay
 * with grpc-js, which must have a handler for the method too.
 */
export function answerDirectly(server: Server, options: DirectCallOptions): void {
  const internals = server as unknown as Internals;
  const handleStream = internals._streamHandler;
  internals._streamHandler = (interceptors, stream, headers) => {
    if (headers[':path'] === options.path && isPlain(headers)) new DirectCall(stream, options).start(headers['grpc-timeout']);
    else handleStream.call(server, interceptors, stream, headers);
  };
}

function isPlain(headers: IncomingHttpHeaders): boolean {
  const { ':method': method, 'content-type': contentType = '', 'grpc-encoding': encoding = 'identity', 'grpc-timeout': timeout = '1S' } = headers;
  return method === 'POST' && /^application\/grpc(\+proto)?$/.test(contentType) && encoding === 'identity' && typeof timeout === 'string' && timeoutPattern.test(timeout);
}

/** A compression flag and a length of 32 bits in front of each message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;
const contentHeader = { 'content-type': 'application/grpc+proto' } as const;
const timeoutPattern = /^\d{1,8}[HMSmun]$/;
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
const longestTimerMs = 0x7fff_ffff;

class DirectCall {
  readonly #stream: ServerHttp2Stream;
  readonly #options: DirectCallOptions;
  readonly #given = new AbortController();
  #parts: Buffer[] = [];
  #receivedBytes = 0;
  #answered = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(stream: ServerHttp2Stream, options: DirectCallOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  start(timeout: string | string[] | undefined): void {
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#stream.on('end', () => this.#run());
    this.#stream.on('close', () => this.#onClose());
    // Whatever breaks a stream also closes it.
    this.#stream.on('error', () => undefined);
    if (typeof timeout === 'string') this.#deadline = setTimeout(() => this.#onDeadline(), Math.min(timeoutMs(timeout), longestTimerMs));
  }

  #receive(chunk: Buffer): void {
    if (this.#answered) return;
    const isFirst = this.#parts.length === 0;
    this.#parts.push(chunk);
    this.#receivedBytes += chunk.length;
    const declaredBytes = isFirst && chunk.length >= prefixBytes ? chunk.readUInt32BE(1) : 0;
    const bytes = Math.max(declaredBytes, this.#receivedBytes - prefixBytes);
    if (bytes > this.#options.maxMessageBytes) this.#fail(tooLarge(bytes, this.#options.maxMessageBytes));
  }

  #run(): void {
    if (this.#answered) return;
    try {
      const request = messageIn(this.#parts, this.#receivedBytes);
      this.#parts = [];
      this.#options.answer(request, this.#given.signal).then(
        (response) => this.#succeed(response),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #succeed(response: Buffer): void {
    if (!this.#settle(status.OK)) return;
    const framed = Buffer.allocUnsafe(prefixBytes + response.length);
    framed.writeUInt8(0, 0);
    framed.writeUInt32BE(response.length, 1);
    response.copy(framed, prefixBytes);
    this.#stream.respond(contentHeader, { waitForTrailers: true });
    this.#stream.once('wantTrailers', () => this.#stream.sendTrailers({ 'grpc-status': status.OK }));
    this.#stream.end(framed);
  }

  #fail(error: unknown): void {
    const { code, details } = statusOf(error);
    if (this.#settle(code)) this.#stream.respond({ ...contentHeader, 'grpc-status': code, 'grpc-message': encodeURI(details.toWellFormed()) }, { endStream: true });
  }

  /** @returns false when there is nobody or nothing to answer any more */
  #settle(code: number): boolean {
    if (this.#answered || this.#stream.destroyed || this.#stream.closed) return false;
    this.#answered = true;
    this.#parts = [];
    clearTimeout(this.#deadline);
    this.#options.onAnswered(code);
    return true;
  }

  #onDeadline(): void {
    this.#fail(new FescueError('deadline-exceeded', 'The deadline passed before the prediction was done.'));
    this.#given.abort();
  }

  #onClose(): void {
    if (this.#answered) return;
    this.#answered = true;
    clearTimeout(this.#deadline);
    this.#options.onAnswered(status.CANCELLED);
    this.#given.abort();
  }
}

/** The one message of a unary call. */
function messageIn(parts: readonly Buffer[], totalBytes: number): MessageParts {
  const [first = Buffer.alloc(0), ...rest] = (parts[0]?.length ?? 0) < prefixBytes ? [Buffer.concat(parts)] : parts;
  const messageBytes = first.length < prefixBytes ? Infinity : first.readUInt32BE(1);
  if (totalBytes < prefixBytes + messageBytes) throw new FescueError('internal', 'The call ended before its request message was complete.');
  if (first[0] !== 0) throw new FescueError('internal', 'The request message is marked as compressed, but the call names no grpc-encoding.');
  if (totalBytes > prefixBytes + messageBytes) throw new FescueError('unimplemented', 'The call carries more than one request message; expected one.');
  return new MessageParts([first.subarray(prefixBytes), ...rest]);
}

function timeoutMs(header: string): number {
  return Number(header.slice(0, -1)) * (unitMs[header.slice(-1)] ?? 1);
}

function tooLarge(bytes: number, maxMessageBytes: number): FescueError {
  return new FescueError('resource-exhausted', `The request of at least ${bytes} bytes is over the limit of ${maxMessageBytes} (MaxMessageMegabytes ${maxMessageBytes / 1024 / 1024}). Send large tensors in shared memory (shared_memory_handle), or raise MaxMessageMegabytes.`);
}
