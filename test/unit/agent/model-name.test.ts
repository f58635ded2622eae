import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MessageParts } from '../../../components/agent/message-parts.ts';
import { modelNameIn, tensorDataOffset } from '../../../components/agent/model-name.ts';
import { FescueError } from '../../../components/common/errors.ts';
import { encodePredictRequest } from '../../../components/common/hot-codec.ts';
import { loadAgentService } from '../../../components/common/wire.ts';

const nameOf = (message: MessageParts): string => modelNameIn(message, 'Predict');

const { Predict } = loadAgentService();

/** The message as it may arrive: cut anywhere. */
function cut(message: Uint8Array, partBytes: number): MessageParts {
  return new MessageParts(Array.from({ length: Math.ceil(message.length / partBytes) }, (_, index) => Buffer.from(message.subarray(index * partBytes, (index + 1) * partBytes))));
}

const partBytes = fc.integer({ min: 1, max: 300 });

describe('predictName', () => {
  it('reads what the generated codec reads, wherever the tensors stand', () => {
    const request = fc.record({ name: fc.string(), tensors: fc.array(fc.uint8Array({ maxLength: 200 }).map((byteData) => ({ byteData }))) });
    fc.assert(
      fc.property(request, partBytes, (message, bytes) => {
        expect(nameOf(cut(Predict.requestSerialize(message), bytes))).toBe(Buffer.from(message.name).toString());
      }),
    );
  });

  it('reads a name that is most of the message', () => {
    const name = 'ä'.repeat(10_000_000);
    expect(nameOf(cut(Predict.requestSerialize({ name, tensors: [] }), 16_384)) === name).toBe(true);
  });

  it('takes the last of several names', () => {
    const first = Predict.requestSerialize({ name: 'first', tensors: [] });
    const second = Predict.requestSerialize({ name: 'second', tensors: [{ byteData: new Uint8Array(3) }] });
    expect(nameOf(new MessageParts([first, second]))).toBe('second');
  });

  it('answers any bytes with a name or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), partBytes, (message, bytes) => {
        try {
          expect(typeof nameOf(cut(message, bytes))).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(FescueError);
        }
      }),
    );
  });
});

test('the bytes of the first tensor are found wherever they lie', () => {
  const data = Buffer.from('the data');
  for (const metadata of [undefined, { name: Buffer.from('some name'), dataType: 'UINT8' as const, shape: [8] }]) {
    for (const name of ['', 'alias']) {
      const message = encodePredictRequest({ name, tensors: [{ byteData: data, ...(metadata === undefined ? {} : { tensorMetadata: metadata }) }] });
      for (const bytes of [1, 3, message.length]) expect(message.subarray(tensorDataOffset(cut(message, bytes))).equals(data)).toBe(true);
    }
  }
});

test.each([
  ['no tensor', encodePredictRequest({ name: 'alias', tensors: [] })],
  ['no bytes', encodePredictRequest({ name: 'alias', tensors: [{ sharedMemoryHandle: { size: 1, offset: 2, segmentId: 3 } }] })],
  ['a damaged tensor', Buffer.from([0x12, 2, 0x22, 0x7f])],
])('%s has no bytes', (_, message) => {
  expect(tensorDataOffset(new MessageParts([message]))).toBe(0);
});
