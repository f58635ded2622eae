import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { CaptureEntry } from '../../../components/common/capture-format.ts';
import type { DataType, Tensor, TensorSpec } from '../../../components/common/tensor.ts';
import type { ImageInput } from '../../../components/inference/preprocess.ts';
import { openFolderStore } from '../../../scripts/captures/folder-store.ts';
import { chooseInputs, readInputs, type InputRules } from '../../../scripts/replay/choose-inputs.ts';
import type { Skip } from '../../../scripts/replay/skip.ts';
import { captureLineOf, embeddedTensor, put, referredEntry } from '../../helpers/capture-files.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

function tensor(name: string, shape: readonly number[] = [1, 2], dtype: DataType = 'UINT8'): Tensor {
  return { name, dtype, shape, bytes: new Uint8Array(shape.reduce((a, b) => a * b, dtype === 'UINT8' ? 1 : 4)) };
}

const spec = (name: string, shape: readonly number[] = [1, 2]): TensorSpec => ({ name, dtype: 'UINT8', shape });
const imageInput: ImageInput = { ...spec('image', [1, 3, 2, 2]), image: { resize: 'stretch', kernel: 'nearest', padColour: [0, 0, 0], colourOrder: 'RGB', layout: 'NCHW', mean: [0, 0, 0], scale: [1, 1, 1] } };
const jpeg = await readFile('components/inference/photos/cat.jpg');

function picture(bytes: Uint8Array = jpeg, observedContentType = 'jpg'): CaptureEntry {
  return { name: 'photo', mode: 'Input', observedContentType, encoding: 'BASE64', data: Buffer.from(bytes).toString('base64') };
}

type Case = { inputs?: CaptureEntry[]; auxiliaryInputs?: CaptureEntry[]; rules?: Partial<InputRules> };

async function choose({ inputs = [], auxiliaryInputs = [], rules = {} }: Case): Promise<Skip | { made: string; names: string[]; tensors: readonly Tensor[] }> {
  const root = await temporaryFolder();
  const store = await openFolderStore(root);
  const plan = chooseInputs(captureLineOf({ id: 'one', inputs, auxiliaryInputs }), { from: 'auto', inputs: [spec('x')], image: undefined, preparedOtherwise: false, ...rules });
  if ('skip' in plan) return plan;
  const tensors = await readInputs(plan, { store, key: 'one.jsonl' });
  return 'skip' in tensors ? tensors : { made: plan.made, names: tensors.map(({ name }) => name), tensors };
}

describe('captured tensors go to the inputs', () => {
  test.each([
    ['of their name', ['b', 'a'], ['a', 'b'], ['a', 'b']],
    ['at their place, when none has their name', ['old', 'older'], ['a', 'b'], ['a', 'b']],
    ['of their name, the others at their place', ['old', 'b'], ['a', 'b'], ['a', 'b']],
    ['that there are, though more were captured', ['a', 'b', 'c'], ['a'], ['a']],
  ])('%s', async (_, captured, wanted, expected) => {
    const inputs = captured.map((name, index) => embeddedTensor({ ...tensor(name), bytes: Uint8Array.of(index, 'abc'.indexOf(name)) }));
    const found = await choose({ inputs, rules: { inputs: wanted.map((name) => spec(name)) } });
    expect(found).toMatchObject({ made: 'tensor', names: expected });
    if ('skip' in found) return;
    // A tensor with the name of an input has gone to that one.
    for (const { name, bytes } of found.tensors) if (captured.includes(name)) expect(bytes[1]).toBe('abc'.indexOf(name));
  });

  test('whose axes are dynamic', async () => {
    expect(await choose({ inputs: [embeddedTensor(tensor('x', [7, 2]))], rules: { inputs: [spec('x', [-1, 2])] } })).toMatchObject({ made: 'tensor' });
  });

  test.each([
    ['another shape', [embeddedTensor(tensor('x', [1, 3]))], /input "x" takes UINT8 \[1, 2\], captured is Tensor\[UINT8; 1, 3\]/],
    ['another type', [embeddedTensor(tensor('x', [1, 2], 'INT32'))], /captured is Tensor\[INT32; 1, 2\]/],
    ['a type that is not known', [{ ...embeddedTensor(tensor('x')), observedContentType: 'Tensor[byte; 1, 2]' }], /captured is Tensor\[byte; 1, 2\]/],
    ['no tensor', [{ ...embeddedTensor(tensor('x')), observedContentType: 'json' }], /captured is json/],
    ['nothing', [], /no tensor for input "x" UINT8 \[1, 2\]/],
  ])('but not %s', async (_, inputs, detail) => {
    expect(await choose({ inputs })).toEqual({ skip: 'inputs-differ', detail: expect.stringMatching(detail) as string });
  });

  test('not one twice', async () => {
    expect(await choose({ inputs: [embeddedTensor(tensor('b'))], rules: { inputs: [spec('a'), spec('b')] } })).toMatchObject({ skip: 'inputs-differ', detail: expect.stringMatching(/^no tensor for input "a"/) as string });
  });

  test.each([
    ['cut off', { ...embeddedTensor(tensor('x')), data: 'AA==' }],
    ['without data', { ...embeddedTensor(tensor('x')), data: undefined }],
    ['no base64', { ...embeddedTensor(tensor('x')), data: '!!!!' }],
    ['in an object that is not there', referredEntry({ name: 'x', contentType: 'Tensor[UINT8; 1, 2]', reference: 'file:///nowhere' })],
  ])('but a tensor %s is not readable', async (_, entry) => {
    expect(await choose({ inputs: [entry as CaptureEntry] })).toMatchObject({ skip: 'tensor-unreadable' });
  });

  test('from an object of their own', async () => {
    const root = await temporaryFolder();
    const path = await put(root, 'raw-data/x', Uint8Array.of(4, 5));
    const plan = chooseInputs(captureLineOf({ id: 'one', inputs: [referredEntry({ name: 'x', contentType: 'Tensor[UINT8; 1, 2]', reference: `file://${path}` })] }), { from: 'tensor', inputs: [spec('x')], image: undefined, preparedOtherwise: false });
    if ('skip' in plan) throw new Error(plan.detail);
    expect(await readInputs(plan, { store: await openFolderStore(root), key: 'one.jsonl' })).toMatchObject([{ name: 'x', bytes: Buffer.of(4, 5) }]);
  });
});

describe('a captured image', () => {
  const fitting = [embeddedTensor(tensor('image', [1, 3, 2, 2]))];
  const rules = { inputs: [spec('image', [1, 3, 2, 2])], image: imageInput };

  test('is left alone when the tensor fits, and taken when it does not', async () => {
    expect(await choose({ inputs: fitting, auxiliaryInputs: [picture()], rules })).toMatchObject({ made: 'tensor' });
    const found = await choose({ inputs: [embeddedTensor(tensor('image', [1, 3, 4, 4]))], auxiliaryInputs: [picture()], rules });
    expect(found).toMatchObject({ made: 'image', names: ['image'], tensors: [{ shape: [1, 3, 2, 2] }] });
    expect('tensors' in found && found.tensors[0]?.bytes.some((value) => value !== 0)).toBe(true);
  });

  test('is taken when the tensor was prepared in another way, or there is none', async () => {
    expect(await choose({ inputs: fitting, auxiliaryInputs: [picture()], rules: { ...rules, preparedOtherwise: true } })).toMatchObject({ made: 'image' });
    expect(await choose({ auxiliaryInputs: [picture()], rules })).toMatchObject({ made: 'image' });
    expect(await choose({ inputs: fitting, rules: { ...rules, preparedOtherwise: true } })).toMatchObject({ skip: 'inputs-differ', detail: expect.stringMatching(/prepared otherwise/) as string });
  });

  test('is taken or left as asked for', async () => {
    expect(await choose({ inputs: fitting, auxiliaryInputs: [picture()], rules: { ...rules, from: 'image' } })).toMatchObject({ made: 'image' });
    expect(await choose({ inputs: fitting, auxiliaryInputs: [picture()], rules: { ...rules, from: 'tensor', preparedOtherwise: true } })).toMatchObject({ made: 'tensor' });
    expect(await choose({ auxiliaryInputs: [picture()], rules: { ...rules, from: 'tensor' } })).toMatchObject({ skip: 'inputs-differ' });
    expect(await choose({ inputs: fitting, rules: { ...rules, from: 'image' } })).toMatchObject({ skip: 'no-image' });
  });

  test('goes with the tensors of the other inputs', async () => {
    const two = { ...rules, inputs: [spec('x'), ...rules.inputs] };
    expect(await choose({ inputs: [embeddedTensor(tensor('x'))], auxiliaryInputs: [picture()], rules: two })).toMatchObject({ made: 'image', names: ['x', 'image'] });
    expect(await choose({ auxiliaryInputs: [picture()], rules: two })).toMatchObject({ skip: 'inputs-differ', detail: expect.stringMatching(/no tensor for input "x"/) as string });
  });

  test.each(['jpg', 'JPEG', 'image/jpeg', 'png', 'webp'])('is called %s', async (type) => {
    expect(await choose({ auxiliaryInputs: [picture(jpeg, type)], rules })).toMatchObject({ made: 'image' });
  });

  test.each(['json', 'svg', 'image/svg+xml', 'jpg2', ''])('is not called %j', async (type) => {
    expect(await choose({ auxiliaryInputs: [picture(jpeg, type)], rules })).toMatchObject({ skip: 'inputs-differ' });
  });

  test.each([
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /expected a JPEG, PNG or WebP image/],
    ['half a JPEG', jpeg.subarray(0, 2000), /no image that can be read/],
    ['nothing', Buffer.alloc(0), /expected a JPEG, PNG or WebP image/],
  ])('that is %s is not used', async (_, bytes, detail) => {
    expect(await choose({ auxiliaryInputs: [picture(bytes)], rules })).toEqual({ skip: 'image-unusable', detail: expect.stringMatching(detail) as string });
  });
});
