/**
 * The notes between the agent and a worker, over the socket pair on the worker's descriptor 3. A frame is 12 bytes of
 * header (payload length, kind, call id; little-endian) and the payload: JSON for the rare kinds, and for predictions
 * the client's protobuf message as it came, so that tensor bytes are never re-encoded.
 */
import { readSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { FescueError } from '../common/errors.ts';

export const frameKinds = {
  /** agent → worker, JSON LoadOrder */
  load: 1,
  /** worker → agent, JSON LoadResult */
  loaded: 2,
  /** agent → worker, a PredictRequest message */
  predict: 3,
  /** worker → agent, a PredictResponse message */
  result: 4,
  /** worker → agent, JSON Failure */
  failure: 5,
  /** agent → worker, where in shared memory a PredictRequest message lies: segment id, offset, length, 32 bits each */
  predictShared: 6,
  /** agent → worker or capture process, so many of the frames after this one go together: 32 bits */
  batch: 7,
  /** agent → capture process, JSON CaptureConfig */
  openCaptures: 8,
  /** capture process → agent, empty: done */
  done: 9,
  /** agent → capture process, what is known of the model and a CaptureDataRequest message */
  capture: 10,
  /** agent → capture process, what is known of the model and where in shared memory a CaptureDataRequest message lies */
  captureShared: 11,
  /** agent → capture process, a capture id; answered with its status in 8 bits */
  captureStatus: 12,
  /** capture process → agent, JSON CaptureFigures; answers nothing */
  captureFigures: 13,
  /** agent → capture process, JSON CaptureTuning; not answered */
  tuneCaptures: 14,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];
export type Frame = { readonly kind: FrameKind; readonly callId: number; readonly payload: Buffer };
/** A frame to be written; its payload may still be in parts. */
export type OutgoingFrame = { readonly kind: FrameKind; readonly callId: number; readonly payload: readonly Buffer[] };

const headerBytes = 12;
const maxPayloadBytes = 0x7fff_ffff;
/** Smaller frames are copied together: one write is cheaper than several. */
const largestCopied = 16 * 1024;

/** The agent's way to write: as much as the socket takes now, the rest later. */
export function writeFrame(socket: Socket, frame: OutgoingFrame): void {
  const parts = encodeFrame(frame);
  if (parts.length === 1 && parts[0] !== undefined) {
    socket.write(parts[0]);
    return;
  }
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
}

/** The worker's way to write and read: it has nothing else to do, and is woken more quickly out of a blocking call. */
export class BlockingFrames {
  #descriptor: number;

  /** @param descriptor a socket in blocking mode */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Waits for the next frame; undefined when the other end is closed. */
  read(): Frame | undefined {
    const header = this.#readFully(headerBytes);
    const payload = header === undefined ? undefined : this.#readFully(header.readUInt32LE(0));
    if (header === undefined || payload === undefined) return undefined;
    return { kind: kindOf(header), callId: header.readUInt32LE(8), payload };
  }

  write(frame: OutgoingFrame): void {
    for (const part of encodeFrame(frame)) {
      for (let written = 0; written < part.length; ) written += writeSync(this.#descriptor, part, written);
    }
  }

  #readFully(length: number): Buffer | undefined {
    // Memory of its own instead of the shared pool: views of it are handed to native code.
    const target = Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length; ) {
      const bytes = readSync(this.#descriptor, target, filled, length - filled, null);
      if (bytes === 0) return undefined;
      filled += bytes;
    }
    return target;
  }
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
      this.#payload = Buffer.allocUnsafeSlow(payloadBytes);
      return;
    }
    const payload = this.#payload ?? Buffer.alloc(0);
    this.#payload = undefined;
    this.#onFrame({ kind: kindOf(this.#header), callId: this.#header.readUInt32LE(8), payload });
  }
}

function encodeFrame({ kind, callId, payload }: OutgoingFrame): Buffer[] {
  const payloadBytes = payload.reduce((sum, part) => sum + part.length, 0);
  if (payloadBytes > maxPayloadBytes) throw new FescueError('resource-exhausted', `A message of ${payloadBytes} bytes is over the limit of ${maxPayloadBytes}.`);
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(payloadBytes, 0);
  header.writeUInt32LE(kind, 4);
  header.writeUInt32LE(callId, 8);
  const parts = [header, ...payload];
  return payloadBytes < largestCopied ? [Buffer.concat(parts)] : parts;
}

function kindOf(header: Buffer): FrameKind {
  return header.readUInt32LE(4) as FrameKind;
}
