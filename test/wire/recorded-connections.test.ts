import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { protobufjsMessages } from '../helpers/foreign-messages.ts';
import { framesOf, type Http2Frame } from '../helpers/http2-frames.ts';
import { darknet, twoNumbers, useOriginalDevice } from '../helpers/original-device.ts';
import cpp from '../fixtures/recorded-cpp.json' with { type: 'json' };
import python from '../fixtures/recorded-python.json' with { type: 'json' };

/**
 * What clients of the original flow wrote to their socket, byte for byte: UnLoadModel, LoadModel of
 * `../com.model.darknet`, ListModels, DescribeModel, and Predict with the input's metadata. Each turn is what they wrote
 * until a call was answered.
 */
const recordings: { client: string; turns: string[] }[] = [cpp, python];

const frameTypes = { data: 0, headers: 1 } as const;
const endOfStream = 1;

/** Writes each turn when the call before is answered. @returns the messages of the answers; empty where there is none */
async function replay(socketPath: string, turns: readonly string[]): Promise<Buffer[]> {
  const socket = connect(socketPath);
  onTestFinished(() => void socket.destroy());
  let received = Buffer.alloc(0);
  const until = async (arrived: (frames: Http2Frame[]) => boolean): Promise<Http2Frame[]> => {
    for (;;) {
      const frames = framesOf(received);
      if (arrived(frames)) return frames;
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
  };
  const answers: Buffer[] = [];
  for (const [index, turn] of turns.entries()) {
    const stream = index * 2 + 1;
    socket.write(Buffer.from(turn, 'hex'));
    const frames = await until((all) => all.some((frame) => frame.type === frameTypes.headers && frame.stream === stream && (frame.flags & endOfStream) !== 0));
    const data = frames.filter((frame) => frame.type === frameTypes.data && frame.stream === stream).map(({ payload }) => payload);
    // After a byte for the compression and four for the length.
    answers.push(Buffer.concat(data).subarray(5));
  }
  return answers;
}

test.each(recordings)('the agent answers what $client once wrote', async ({ turns }) => {
  const { socketPath } = await useOriginalDevice();
  const [unloaded, loaded, listed, described, predicted] = await replay(socketPath, turns);
  const messages = protobufjsMessages();
  const bytes = (answer: Buffer | undefined): Buffer => answer ?? Buffer.alloc(0);
  // Nothing was loaded.
  expect(unloaded).toEqual(Buffer.alloc(0));
  expect(messages.response('LoadModel', bytes(loaded))).toEqual({ model: darknet });
  expect(messages.response('ListModels', bytes(listed))).toEqual({ models: [darknet] });
  expect(messages.response('DescribeModel', bytes(described))).toEqual({ model: darknet });
  expect(messages.response('Predict', bytes(predicted))).toEqual({ tensors: [{ tensorMetadata: darknet.outputTensorMetadatas[0], byteData: twoNumbers }] });
});
