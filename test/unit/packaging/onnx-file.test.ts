import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, readOnnxFile, type OnnxFile } from '../../../scripts/packaging/onnx-file.ts';
import { identityModel, onnxModel } from '../../../scripts/measure/onnx-model.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

async function read(bytes: Uint8Array): Promise<OnnxFile> {
  const path = join(await temporaryFolder(), 'm.onnx');
  await writeFile(path, bytes);
  return readOnnxFile(path);
}

test('reads tensors, operators, opset and weights', async () => {
  const model = onnxModel({
    inputs: [{ name: 'x', type: 'FLOAT16', shape: ['n', 300] }],
    outputs: [{ name: 'y', type: 'INT64', shape: [] }],
    nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    weights: [{ name: 'w', shape: [300, 2], values: new Float32Array(600) }],
  });
  expect(await read(model)).toEqual({
    irVersion: 8,
    producer: '',
    opsets: [{ domain: 'ai.onnx', version: 17 }],
    inputs: [{ name: 'x', type: 'FLOAT16', shape: ['n', 300] }],
    outputs: [{ name: 'y', type: 'INT64', shape: [] }],
    intermediates: [],
    nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    weightBytes: 2400,
    externalFiles: [],
  });
});

test('sizes count a dynamic axis once', () => {
  expect([['FLOAT16', ['n', 300]], ['INT64', []], ['STRING', [4]], ['INT4', [3]]].map(([type, shape]) => bytesOf({ name: '', type: type as string, shape: shape as (number | string)[] }))).toEqual([600, 8, 0, 2]);
});

test('any bytes are read or refused', async () => {
  const path = join(await temporaryFolder(), 'm.onnx');
  const good = identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]);
  const damaged = fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length)).map(([at, byte, length]) => {
    const copy = Buffer.from(good);
    copy[at] = byte;
    return copy.subarray(0, length);
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), damaged), async (bytes) => {
      await writeFile(path, bytes);
      const problem = await readOnnxFile(path).then(() => undefined, (error: unknown) => error);
      if (problem !== undefined) expect(problem).toMatchObject({ kind: 'invalid-argument' });
    }),
  );
});
