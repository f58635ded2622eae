import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataTypes, elementBytes, elementCount } from '../../../components/common/tensor.ts';
import { npyHeader } from '../../../scripts/captures/npy-format.ts';
import { readNpy } from '../../../scripts/commands/npy.ts';
import { formatTable } from '../../../scripts/commands/table.ts';
import { npyOf } from '../../helpers/npy.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

async function fileWith(content: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), 'x.npy');
  await writeFile(path, content);
  return path;
}

test.each([
  ['<f4', '(2, 3)', 24, { dtype: 'FLOAT32', shape: [2, 3] }],
  ['|u1', '(5,)', 5, { dtype: 'UINT8', shape: [5] }],
  ['<i8', '()', 8, { dtype: 'INT64', shape: [] }],
  ['<f2', '(1, 0)', 0, { dtype: 'FLOAT16', shape: [1, 0] }],
])('%s of shape %s', async (descr, shape, bytes, expected) => {
  const data = new Uint8Array(bytes).map((_, index) => index);
  for (const major of [1, 2] as const) {
    expect(await readNpy(await fileWith(npyOf({ descr, shape, data, major })))).toMatchObject({ ...expected, bytes: Buffer.from(data) });
  }
});

test.each([
  ['text', new TextEncoder().encode('text, and long enough'), /it is no \.npy file/],
  ['big-endian elements', npyOf({ descr: '>f4', shape: '(1,)', data: new Uint8Array(4) }), /its elements are ">f4".*FLOAT32/],
  ['Fortran order', npyOf({ descr: '<f4', shape: '(1, 1)', data: new Uint8Array(4), fortran: true }), /Fortran order/],
  ['too few bytes', npyOf({ descr: '<f4', shape: '(2,)', data: new Uint8Array(4) }), /4 bytes of elements, expected 8 for the shape \[2\]/],
])('%s is refused', async (_, content, problem) => {
  await expect(readNpy(await fileWith(content))).rejects.toThrow(problem);
});

test('what is written is read', async () => {
  const anyShape = fc.oneof(fc.array(fc.nat(4), { maxLength: 5 }), fc.array(fc.constant(1), { maxLength: 64 }));
  const path = await fileWith(new Uint8Array());
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...dataTypes), anyShape, fc.nat(255), async (dtype, shape, fill) => {
      const header = npyHeader({ dtype, shape });
      // NumPy maps files into memory, and wants the elements aligned.
      expect(header.length % 64).toBe(0);
      const bytes = Buffer.alloc(elementCount(shape) * elementBytes[dtype], fill);
      await writeFile(path, Buffer.concat([header, bytes]));
      expect(await readNpy(path)).toEqual({ dtype, shape, bytes });
    }),
  );
  expect(npyHeader({ dtype: 'FLOAT32', shape: [3] }).toString('latin1').trimEnd()).toMatch(/\{'descr': '<f4', 'fortran_order': False, 'shape': \(3,\), \}$/);
  expect(() => npyHeader({ dtype: 'UINT8', shape: Array.from({ length: 65 }, () => 1) })).toThrow(/65 axes does not fit into a NumPy file, which takes at most 64/);
});

test('a missing file is named', async () => {
  await expect(readNpy('/nowhere.npy')).rejects.toThrow(/\/nowhere\.npy cannot be read/);
});

test('a table is as wide as its content', () => {
  expect(formatTable([{ title: 'name' }, { title: 'ms', right: true }], [['a longer one', '5'], ['b', '12.5']])).toBe('name            ms\na longer one     5\nb             12.5\n');
});
