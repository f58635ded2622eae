import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CaptureEntry } from '../../../components/common/capture-format.ts';
import { dataTypes, elementBytes, elementCount, type Tensor } from '../../../components/common/tensor.ts';
import { readEntry, sizeOf, tensorOf } from '../../../scripts/captures/entry-data.ts';
import { openFolderStore } from '../../../scripts/captures/folder-store.ts';
import { embeddedTensor, put, referredEntry } from '../../helpers/capture-files.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const anyTensor = fc
  .record({ name: fc.string(), dtype: fc.constantFrom(...dataTypes), shape: fc.array(fc.nat(4), { maxLength: 4 }) })
  .chain(({ name, dtype, shape }) => fc.uint8Array({ minLength: elementCount(shape) * elementBytes[dtype], maxLength: elementCount(shape) * elementBytes[dtype] }).map((bytes): Tensor => ({ name, dtype, shape, bytes })));

const auxiliary = (rest: Partial<CaptureEntry>): CaptureEntry => ({ name: 'x', mode: 'Input', observedContentType: 'jpg', encoding: 'BASE64', ...rest });

test('any tensor comes back from its entry', async () => {
  const source = { store: await openFolderStore(await temporaryFolder()), key: 'k' };
  await fc.assert(
    fc.asyncProperty(anyTensor, async (tensor) => {
      const entry = embeddedTensor(tensor);
      expect(tensorOf(entry, await readEntry(entry, source))).toEqual({ ...tensor, bytes: Buffer.from(tensor.bytes) });
      expect(sizeOf(entry)).toBe(tensor.bytes.length);
    }),
  );
});

test('data is decoded as its encoding says', async () => {
  const folder = await temporaryFolder();
  const source = { store: await openFolderStore(folder), key: 'k' };
  const path = await put(folder, 'x', 'elsewhere');
  const cases: [Partial<CaptureEntry>, string, number | undefined][] = [
    [{ data: 'w7w=' }, 'ü', 2],
    [{ data: '' }, '', 0],
    [{ encoding: 'JSON', data: '{"ü": 1}' }, '{"ü": 1}', 9],
    [{ encoding: 'CSV', data: 'a,b' }, 'a,b', 3],
    [{ encoding: 'NONE', 'data-ref': `file://${path}` }, 'elsewhere', undefined],
  ];
  for (const [entry, text, size] of cases) {
    expect((await readEntry(auxiliary(entry), source)).toString()).toBe(text);
    expect(sizeOf(auxiliary(entry))).toBe(size);
  }
  await expect(readEntry(auxiliary({}), source)).rejects.toThrow('"x" of k has neither data nor data-ref.');
  await expect(readEntry(auxiliary({ data: 'no base64!' }), source)).rejects.toThrow('The data of "x" of k is no base64.');
});

test.each([
  ['jpg', 0, /"x" is no tensor: its content type is "jpg"/],
  ['Tensor[QUATERNION; 1]', 0, /The type QUATERNION of tensor "x" is not known; expected one of UINT8/],
  ['Tensor[FLOAT32; 2]', 4, /Tensor "x" has 4 bytes; Tensor\[FLOAT32; 2\] takes 8/],
  ['Tensor[FLOAT32; 1 2]', 8, /takes NaN/],
])('%s with %d bytes is refused', (contentType, bytes, problem) => {
  expect(() => tensorOf(referredEntry({ name: 'x', contentType, reference: 'file:///x' }), new Uint8Array(bytes))).toThrow(problem);
});

test.each([['Tensor[FLOAT32; 2, 3]', 24], ['Tensor[float16;2]', 4], ['Tensor[UINT8;]', 1], ['Tensor[X; 2]', undefined], ['Tensor[UINT8; 1 2]', undefined], [`Tensor[UINT8; ${'9'.repeat(400)}]`, undefined]])('the size of %s', (contentType, size) => {
  expect(sizeOf(referredEntry({ name: 'x', contentType, reference: 's3://b/k' }))).toBe(size);
});
