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

function encoded(sent: readonly Frame[]): Buffer {
  const stream = new PassThrough();
  for (const frame of sent) writeFrame(stream as unknown as Socket, frame);
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
});
