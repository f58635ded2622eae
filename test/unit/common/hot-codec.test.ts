import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePredictRequest, decodePredictResponse, encodePredictRequest, encodePredictResponse } from '../../../components/common/hot-codec.ts';
import { dataTypes } from '../../../components/common/tensor.ts';
import { loadAgentService, type PredictRequest, type PredictResponse, type TensorMessage } from '../../../components/common/wire.ts';

const { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = loadAgentService().Predict;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const metadata = fc.record({ name: bytes, dataType: fc.constantFrom(...dataTypes), shape: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 6 }) });
const handle = fc.record({ size: fc.maxSafeNat(), offset: fc.maxSafeNat(), segmentId: fc.maxSafeNat() });
const tensor: fc.Arbitrary<TensorMessage> = fc
  .record({ tensorMetadata: fc.option(metadata), data: fc.oneof(bytes.map((byteData) => ({ byteData })), handle.map((sharedMemoryHandle) => ({ sharedMemoryHandle })), fc.constant({})) })
  .map(({ tensorMetadata, data }) => ({ tensorMetadata, ...data }));
const request: fc.Arbitrary<PredictRequest> = fc.record({ name: fc.string({ unit: 'binary' }), tensors: fc.array(tensor, { maxLength: 4 }) });
const response: fc.Arbitrary<PredictResponse> = fc.record({ tensors: fc.array(tensor, { maxLength: 4 }) });

/** Without the marks of which member of a oneof is set, and with plain bytes. */
const plain = (message: object): unknown =>
  JSON.parse(JSON.stringify(message, (key, value: unknown) => (key === 'data' && typeof value === 'string' ? undefined : value instanceof Uint8Array ? Buffer.from(value).toJSON() : value)));

describe('the codec by hand does what proto-loader does', () => {
  test('with requests', () => {
    fc.assert(
      fc.property(request, (message) => {
        const encoded = encodePredictRequest(message);
        // Theirs also writes fields that hold the default.
        expect(plain(requestDeserialize(encoded))).toEqual(plain(requestDeserialize(requestSerialize(message))));
        expect(plain(decodePredictRequest(encoded))).toEqual(plain(requestDeserialize(encoded)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('with responses', () => {
    fc.assert(
      fc.property(response, (message) => {
        const encoded = encodePredictResponse(message);
        expect(plain(responseDeserialize(encoded))).toEqual(plain(responseDeserialize(responseSerialize(message))));
        expect(plain(decodePredictResponse(encoded))).toEqual(plain(responseDeserialize(encoded)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('with two messages one after the other, which are one', () => {
    fc.assert(
      fc.property(request, request, (first, second) => {
        const merged = Buffer.concat([encodePredictRequest(first), encodePredictRequest(second)]);
        expect(plain(decodePredictRequest(merged))).toEqual(plain(requestDeserialize(merged)));
      }),
      { numRuns: 500 },
    );
  });
});

test('parts of a tensor that come twice are merged, and the last member of a oneof counts', () => {
  const [data, metadata] = [Buffer.from([0x22, 1, 7]), (content: number[]): Buffer => Buffer.from([0x0a, content.length, ...content])];
  const handle = Buffer.from([0x2a, 2, 0x18, 3]);
  const tensor = Buffer.concat([handle, metadata([0x0a, 1, 0x61, 0x18, 1]), data, metadata([0x10, 5, 0x1a, 2, 2, 3])]);
  expect(plain(decodePredictResponse(Buffer.concat([Buffer.from([0x0a, tensor.length]), tensor])))).toEqual({
    tensors: [{ tensorMetadata: { name: Buffer.from('a').toJSON(), dataType: 'FLOAT32', shape: [1, 2, 3] }, byteData: Buffer.from([7]).toJSON() }],
  });
});

test('damaged bytes are decoded or refused, and nothing else happens', () => {
  fc.assert(
    fc.property(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), (message, damages) => {
      const damaged = Buffer.from(encodePredictRequest(message));
      for (const [position, byte] of damages) damaged[position % Math.max(damaged.length, 1)] = byte;
      try {
        decodePredictRequest(damaged);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'invalid-argument' });
      }
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ['a length past the end', [0x12, 0x7f]],
  ['a number without an end', [0x08, 0xff]],
  ['a number of eleven bytes', [0x18, ...Array.from({ length: 10 }, () => 0xff), 0x01]],
  ['a group', [0x1b]],
  ['field number 0', [0x02, 0x00]],
])('%s is refused', (_, message) => {
  expect(() => decodePredictRequest(Buffer.from(message))).toThrow(expect.objectContaining({ kind: 'invalid-argument' }) as Error);
});

test('tensor bytes are views of the message', () => {
  const message = encodePredictResponse({ tensors: [{ tensorMetadata: null, byteData: Buffer.from('bytes') }] });
  const [decoded] = decodePredictResponse(message).tensors;
  expect(decoded?.byteData?.buffer).toBe(message.buffer);
});
