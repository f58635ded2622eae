/**
 * The notes between the agent and a worker, over the socket pair on the worker's descriptor 3. A frame is 12 bytes of
 * header (payload length, kind, call id; little-endian) and the payload: JSON for the rare kinds, and for predictions
 * the client's protobuf message as it came, so that tensor bytes are never re-encoded.
 */
import type { Socket } from 'node:net';
import { FescueError } from '../common/errors.ts';

export const frameKinds = {
  /** agent → worker, JSON LoadOrder */
  load: 1,
  /** worker → agent, JSON ModelTensors */
  loaded: 2,
  /** agent → worker, a PredictRequest message */
  predict: 3,
  /** worker → agent, a PredictResponse message */
  result: 4,
  /** worker → agent, JSON Failure */
  failure: 5,
  /** agent → worker, where in shared memory a PredictRequest message lies: segment id, offset, length, 32 bits each */
  predictShared: 6,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];
export type Frame = { readonly kind: FrameKind; readonly callId: number; readonly payload: Buffer };

const headerBytes = 12;
const maxPayloadBytes = 0x7fff_ffff;

export function writeFrame(socket: Socket, frame: Frame): void {
  if (frame.payload.length > maxPayloadBytes) {
    throw new FescueError('resource-exhausted', `A message of ${frame.payload.length} bytes is over the limit of ${maxPayloadBytes}.`);
  }
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(frame.payload.length, 0);
  header.writeUInt32LE(frame.kind, 4);
  header.writeUInt32LE(frame.callId, 8);
  socket.cork();
  socket.write(header);
  if (frame.payload.length > 0) socket.write(frame.payload);
  socket.uncork();
}

/** Puts frames together from the chunks of a stream; each payload is copied once, into a buffer of its own. */
export class FrameReader {
  #onFrame: (frame: Frame) => void;
  #header = Buffer.alloc(headerBytes);
  #payload: Buffer | undefined;
  #filled = 0;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const target = this.#payload ?? this.#header;
      const copied = rest.copy(target, this.#filled);
      rest = rest.subarray(copied);
      this.#filled += copied;
      if (this.#filled === target.length) this.#partComplete();
    }
  }

  #partComplete(): void {
    this.#filled = 0;
    const payloadBytes = this.#header.readUInt32LE(0);
    if (this.#payload === undefined && payloadBytes > 0) {
      // Memory of its own instead of the shared pool: views of it are handed to native code.
      this.#payload = Buffer.allocUnsafeSlow(payloadBytes);
      return;
    }
    const payload = this.#payload ?? Buffer.alloc(0);
    this.#payload = undefined;
    this.#onFrame({ kind: this.#header.readUInt32LE(4) as FrameKind, callId: this.#header.readUInt32LE(8), payload });
  }
}
