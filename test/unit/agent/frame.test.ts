import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, writeFrame, type Frame } from '../../../components/agent/frame.ts';

const frames = fc.array(
  fc.record({
    kind: fc.constantFrom(1, 2, 3, 4, 5) as fc.Arbitrary<Frame['kind']>,
    callId: fc.nat(),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 8 },
);

/** The payload goes out in two parts. */
function write(stream: Socket, { payload, ...frame }: Frame): void {
  const middle = payload.length / 2;
  writeFrame(stream, { ...frame, payload: [payload.subarray(0, middle), payload.subarray(middle)] });
}

function encoded(sent: readonly Frame[]): Buffer {
  const stream = new PassThrough();
  for (const frame of sent) write(stream as unknown as Socket, frame);
  return (stream.read() as Buffer | null) ?? Buffer.alloc(0);
}

describe('frames', () => {
  it('arrive as they were sent, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 64 }), (sent, chunkBytes) => {
        const received: Frame[] = [];
        const reader = new FrameReader((frame) => received.push(frame));
        const stream = encoded(sent);
        for (let start = 0; start < stream.length; start += chunkBytes) reader.push(stream.subarray(start, start + chunkBytes));
        expect(received).toEqual(sent);
      }),
    );
  });

  it('cross a socket pair both ways, small and larger than it holds', async () => {
    const echo = `
      import { BlockingFrames } from ${JSON.stringify(import.meta.resolve('../../../components/agent/frame.ts'))};
      const frames = new BlockingFrames(3);
      for (let frame = frames.read(); frame !== undefined; frame = frames.read()) frames.write({ ...frame, payload: [frame.payload] });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', echo], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
    const socket = child.stdio[3] as Socket;
    const sent = [0, 1, 5_000, 16_384, 40_000, 3_000_000, 7].map((bytes, index): Frame => ({ kind: 3, callId: index, payload: Buffer.alloc(bytes, index + 1) }));
    const received: Frame[] = [];
    const reader = new FrameReader((frame) => {
      received.push(frame);
      if (received.length === sent.length) socket.end();
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    for (const frame of sent) write(socket, frame);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(received.map(({ callId, payload }) => [callId, payload.length, payload.every((byte) => byte === callId + 1)])).toEqual(sent.map(({ callId, payload }) => [callId, payload.length, true]));
  });
});
