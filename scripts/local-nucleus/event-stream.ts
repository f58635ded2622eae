import type { Socket } from 'node:net';
import { EventStreamCodec, type Message, type MessageHeaders } from '@smithy/core/event-streams';

/** What a message is about: the `:message-type` header of event-stream RPC. */
export const messageTypes = {
  application: 0,
  applicationError: 1,
  ping: 2,
  pingResponse: 3,
  connect: 4,
  connectAck: 5,
  protocolError: 6,
  internalError: 7,
} as const;

/** Bits of the `:message-flags` header. */
export const messageFlags = { none: 0, connectionAccepted: 1, terminateStream: 2 } as const;

export type RpcMessage = {
  readonly type: number;
  readonly flags: number;
  /** 0 for the connection itself. */
  readonly streamId: number;
  /** String headers besides the three every message has; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
};

/** What is larger is refused before it is buffered; the limit of the CRT's implementation. */
const maxMessageBytes = 24 * 1024 ** 2;
const preludeBytes = 12;

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => new TextEncoder().encode(text),
);

/**
 * Reads messages off a socket and hands them on one by one.
 *
 * @param onMessage told every message, in order
 * @param onGarbage told once when the bytes are no event stream; nothing is read after that
 */
export function readMessages(socket: Socket, onMessage: (message: RpcMessage) => void, onGarbage: (reason: string) => void): void {
  let pending = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    pending = Buffer.concat([pending, chunk]);
    try {
      for (let length = nextLength(pending); length !== undefined && pending.length >= length; length = nextLength(pending)) {
        const message = rpcMessage(codec.decode(pending.subarray(0, length)));
        pending = pending.subarray(length);
        onMessage(message);
      }
    } catch (error) {
      socket.off('data', onData);
      onGarbage(error instanceof Error ? error.message : String(error));
    }
  };
  socket.on('data', onData);
}

export function encodeMessage(message: Omit<RpcMessage, 'headers'> & { headers?: Readonly<Record<string, string>> }): Uint8Array {
  const headers: MessageHeaders = {
    ':message-type': { type: 'integer', value: message.type },
    ':message-flags': { type: 'integer', value: message.flags },
    ':stream-id': { type: 'integer', value: message.streamId },
  };
  for (const [name, value] of Object.entries(message.headers ?? {})) headers[name] = { type: 'string', value };
  return codec.encode({ headers, body: message.payload });
}

function nextLength(pending: Buffer): number | undefined {
  if (pending.length < preludeBytes) return undefined;
  const length = pending.readUInt32BE(0);
  if (length < preludeBytes + 4 || length > maxMessageBytes) throw new Error(`a message of ${length} bytes; expected 16 to ${maxMessageBytes}`);
  return length;
}

function rpcMessage({ headers, body }: Message): RpcMessage {
  const strings: Record<string, string> = {};
  const numbers: Record<string, number> = {};
  for (const [name, header] of Object.entries(headers)) {
    if (header.type === 'string') strings[name.toLowerCase()] = header.value;
    if (header.type === 'integer') numbers[name.toLowerCase()] = header.value;
  }
  const number = (name: string): number => {
    const value = numbers[name];
    if (value === undefined) throw new Error(`a message without the header ${name}`);
    return value;
  };
  // The decoder gives a view of the read buffer, which is reused.
  return { type: number(':message-type'), flags: number(':message-flags'), streamId: number(':stream-id'), headers: strings, payload: Uint8Array.from(body) };
}
