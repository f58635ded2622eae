import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { status, type Server } from '@grpc/grpc-js';
import { FescueError, hasCode } from '../common/errors.ts';
import { MessageParts } from './message-parts.ts';
import { statusOf } from './status.ts';

/** A method: answers a request message with a response message. The signal aborts on cancellation and deadline. */
export type UnaryMethod = (request: MessageParts, signal: AbortSignal) => Promise<Buffer>;

export type UnaryOptions = {
  /** The methods by their HTTP/2 paths. */
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  /** The longest request, in bytes. */
  readonly maxMessageBytes: number;
  /** Told the gRPC status of every call, by path. */
  readonly onAnswered: (path: string, code: number) => void;
};

/** What grpc-js (1.14) keeps to itself: what it does with each new stream. */
type Internals = { _streamHandler: (this: Server, interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void };

/**
 * Answers unary methods on their HTTP/2 streams, past the layers of the grpc-js server: those take as long as the rest
 * of a small prediction (docs/decisions/0006). Connections and all other methods stay with grpc-js.
 */
export function answerUnaryCalls(server: Server, options: UnaryOptions): void {
  const internals = server as unknown as Internals;
  const handleStream = internals._streamHandler;
  internals._streamHandler = (interceptors, stream, headers) => {
    const method = options.methods.get(headers[':path'] ?? '');
    if (method === undefined || headers['content-type']?.startsWith('application/grpc') !== true) handleStream.call(server, interceptors, stream, headers);
    else new UnaryCall({ stream, headers, method, options }).start();
  };
}

/** A compression flag and a length of 32 bits in front of each message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;
/** As a list, which Node takes as it is. */
const answerHeaders = [':status', '200', 'content-type', 'application/grpc+proto'] as const;
const refusalHeaders = { 'content-type': 'application/grpc+proto', 'grpc-accept-encoding': 'identity,deflate,gzip' } as const;
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
const longestTimerMs = 0x7fff_ffff;

class UnaryCall {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #method: UnaryMethod;
  readonly #options: UnaryOptions;
  readonly #given = new AbortController();
  #parts: Buffer[] = [];
  #receivedBytes = 0;
  #answered = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(call: { stream: ServerHttp2Stream; headers: IncomingHttpHeaders; method: UnaryMethod; options: UnaryOptions }) {
    this.#stream = call.stream;
    this.#headers = call.headers;
    this.#method = call.method;
    this.#options = call.options;
  }

  start(): void {
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#stream.on('end', () => void this.#run());
    this.#stream.on('close', () => this.#onClose());
    // Whatever breaks a stream also closes it.
    this.#stream.on('error', () => undefined);
    const timeout = this.#headers['grpc-timeout'];
    if (timeout !== undefined) this.#startDeadline(String(timeout));
  }

  #startDeadline(timeout: string): void {
    const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
    if (amount === undefined) return this.#fail(new FescueError('internal', `grpc-timeout: expected up to 8 digits and a unit of H, M, S, m, u or n, got "${timeout}".`));
    this.#deadline = setTimeout(() => this.#onDeadline(), Math.min(Number(amount) * (unitMs[unit] ?? 1), longestTimerMs));
  }

  #receive(chunk: Buffer): void {
    if (this.#answered) return;
    const isFirst = this.#parts.length === 0;
    this.#parts.push(chunk);
    this.#receivedBytes += chunk.length;
    const declaredBytes = isFirst && chunk.length >= prefixBytes ? chunk.readUInt32BE(1) : 0;
    const bytes = Math.max(declaredBytes, this.#receivedBytes - prefixBytes);
    if (bytes > this.#options.maxMessageBytes) this.#fail(tooLarge(`${bytes} bytes`, this.#options.maxMessageBytes));
  }

  async #run(): Promise<void> {
    if (this.#answered) return;
    try {
      const { compressed, message } = messageIn(this.#parts, this.#receivedBytes);
      this.#parts = [];
      const request = compressed ? await decompress(message, this.#headers['grpc-encoding'], this.#options.maxMessageBytes) : message;
      this.#succeed(await this.#method(request, this.#given.signal));
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
    this.#stream.respond(answerHeaders, { waitForTrailers: true });
    this.#stream.once('wantTrailers', () => this.#stream.sendTrailers({ 'grpc-status': status.OK }));
    this.#stream.end(framed);
  }

  #fail(error: unknown): void {
    const { code, details } = statusOf(error);
    if (this.#settle(code)) this.#stream.respond({ ...refusalHeaders, 'grpc-status': code, 'grpc-message': encodeURI(details.toWellFormed()) }, { endStream: true });
  }

  /** @returns false when there is nobody or nothing to answer any more */
  #settle(code: number): boolean {
    if (this.#answered || this.#stream.destroyed || this.#stream.closed) return false;
    this.#end(code);
    return true;
  }

  #onDeadline(): void {
    this.#fail(new FescueError('deadline-exceeded', 'The deadline passed before the call was answered.'));
    this.#given.abort();
  }

  #onClose(): void {
    if (this.#answered) return;
    this.#end(status.CANCELLED);
    this.#given.abort();
  }

  #end(code: number): void {
    this.#answered = true;
    this.#parts = [];
    clearTimeout(this.#deadline);
    this.#options.onAnswered(this.#headers[':path'] ?? '', code);
  }
}

/** The one message of a unary call. */
function messageIn(parts: readonly Buffer[], totalBytes: number): { compressed: boolean; message: MessageParts } {
  const [first = Buffer.alloc(0), ...rest] = (parts[0]?.length ?? 0) < prefixBytes ? [Buffer.concat(parts)] : parts;
  const messageBytes = first.length < prefixBytes ? Infinity : first.readUInt32BE(1);
  if (totalBytes < prefixBytes + messageBytes) throw new FescueError('internal', 'The call ended before its request message was complete.');
  if (totalBytes > prefixBytes + messageBytes) throw new FescueError('unimplemented', 'The call carries more than one request message; expected one.');
  return { compressed: first[0] !== 0, message: new MessageParts([first.subarray(prefixBytes), ...rest]) };
}

const decompressors = new Map(Object.entries({ gzip: promisify(gunzip), deflate: promisify(inflate) }));

async function decompress(message: MessageParts, encoding: string | string[] | undefined, maxMessageBytes: number): Promise<MessageParts> {
  const decompressor = decompressors.get(String(encoding));
  if (encoding === undefined || encoding === 'identity') throw new FescueError('internal', 'The request message is marked as compressed, but the call names no grpc-encoding.');
  if (decompressor === undefined) throw new FescueError('unimplemented', `grpc-encoding: expected gzip or deflate, got "${String(encoding)}".`);
  try {
    return new MessageParts([await decompressor(message.joined(), { maxOutputLength: maxMessageBytes })]);
  } catch (error) {
    if (hasCode(error, 'ERR_BUFFER_TOO_LARGE')) throw tooLarge('more bytes once decompressed', maxMessageBytes);
    throw new FescueError('internal', `The request message cannot be decompressed with ${String(encoding)}.`, { cause: error });
  }
}

function tooLarge(got: string, maxMessageBytes: number): FescueError {
  const limit = `at most ${maxMessageBytes} bytes (MaxMessageMegabytes: ${maxMessageBytes / 1024 / 1024})`;
  return new FescueError('resource-exhausted', `Expected a request message of ${limit}, got ${got}. Send large tensors in shared memory (shared_memory_handle), or raise MaxMessageMegabytes.`);
}
