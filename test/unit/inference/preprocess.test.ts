import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { elementsOf } from '../../../components/common/tensor-elements.ts';
import type { DataType } from '../../../components/common/tensor.ts';
import { type ImageInput, preprocess } from '../../../components/inference/preprocess.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

type Pixel = readonly [number, number, number];

/** A PNG of the given rows of RGB pixels. */
async function pngOf(rows: readonly (readonly Pixel[])[], transform = (image: Sharp): Sharp => image.png()): Promise<string> {
  const path = join(await temporaryFolder(), 'image.png');
  const raw = { width: rows[0]?.length ?? 0, height: rows.length, channels: 3 as const };
  await transform(sharp(Buffer.from(rows.flat(2)), { raw })).toFile(path);
  return path;
}

function inputOf(width: number, height: number, image: Partial<ImageInput['image']> = {}, dtype: DataType = 'FLOAT32'): ImageInput {
  const layout = image.layout ?? 'NHWC';
  const shape = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
  return { name: 'x', dtype, shape, image: { resize: 'stretch', kernel: 'nearest', padColour: [0, 0, 0], colourOrder: 'RGB', layout, mean: [0, 0, 0], scale: [1, 1, 1], ...image } };
}

const rows: Pixel[][] = [
  [[1, 2, 3], [4, 5, 6]],
  [[7, 8, 9], [10, 11, 12]],
];

const elements = async (path: string, input: ImageInput): Promise<number[]> => elementsOf(await preprocess(path, input)).map(Number);

describe('an image becomes a tensor', () => {
  test('of interleaved or planar channels, in either order', async () => {
    const path = await pngOf(rows);
    expect(await elements(path, inputOf(2, 2))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await elements(path, inputOf(2, 2, { layout: 'NCHW' }))).toEqual([1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12]);
    expect(await elements(path, inputOf(2, 2, { colourOrder: 'BGR' }))).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
  });

  test('with mean and scale per channel, which belong to the channels of the tensor', async () => {
    const path = await pngOf([[[10, 20, 30]]]);
    const normalised = { mean: [1, 2, 3], scale: [1, 10, 100] };
    expect(await elements(path, inputOf(1, 1, normalised))).toEqual([9, 180, 2700]);
    expect(await elements(path, inputOf(1, 1, { ...normalised, colourOrder: 'BGR' }))).toEqual([29, 180, 700]);
  });

  test.each([
    ['UINT8', [0, 13, 255]],
    ['INT16', [-5, 13, 300]],
    ['INT32', [-5, 13, 300]],
    ['INT64', [-5, 13, 300]],
    ['FLOAT32', [-5, 12.5, 300]],
    ['FLOAT64', [-5, 12.5, 300]],
  ] as const)('of type %s', async (dtype, expected) => {
    const path = await pngOf([[[0, 25, 200]]]);
    const tensor = await preprocess(path, inputOf(1, 1, { mean: [5, 0, 0], scale: [1, 0.5, 1.5] }, dtype));
    expect(tensor).toMatchObject({ name: 'x', dtype, shape: [1, 1, 1, 3] });
    expect(elementsOf(tensor).map(Number)).toEqual(expected);
  });

  test('from its bytes as from its file', async () => {
    const path = await pngOf(rows);
    expect(elementsOf(await preprocess(await readFile(path), inputOf(2, 2))).map(Number)).toEqual(await elements(path, inputOf(2, 2)));
    await expect(preprocess(Buffer.from('no image'), inputOf(2, 2))).rejects.toMatchObject({ kind: 'invalid-argument', message: expect.stringMatching(/^The data is no image that can be read/) as string });
  });

  test('whose dynamic batch axis is one', async () => {
    expect((await preprocess(await pngOf(rows), { ...inputOf(2, 2), shape: [-1, 2, 2, 3] })).shape).toEqual([1, 2, 2, 3]);
  });

  test('by centre crop: the short side first, then the middle', async () => {
    const wide: Pixel[][] = Array.from({ length: 4 }, (_, y) => Array.from({ length: 8 }, (__, x): Pixel => [x, y, 0]));
    const found = await elements(await pngOf(wide), inputOf(2, 2, { resize: 'center-crop', shortSide: 4 }));
    expect(found.filter((_, index) => index % 3 !== 2)).toEqual([3, 1, 4, 1, 3, 2, 4, 2]);
  });

  test('by letterbox: the whole image, and the colour of the padding', async () => {
    const found = await elements(await pngOf([[[9, 9, 9], [9, 9, 9]]]), inputOf(2, 4, { resize: 'letterbox', padColour: [1, 2, 3] }));
    expect(found.slice(0, 3)).toEqual([1, 2, 3]);
    expect(found.slice(-3)).toEqual([1, 2, 3]);
    expect(found.filter((value) => value === 9).length).toBe(6);
  });
});

describe('whatever the file', () => {
  test('grey, transparent and 16-bit images have three channels of 0 to 255', async () => {
    const grey = await pngOf([[[100, 100, 100]]], (image) => image.toColourspace('b-w').png());
    expect(await elements(grey, inputOf(1, 1))).toEqual([100, 100, 100]);
    const clear = await pngOf([[[100, 50, 0]]], (image) => image.ensureAlpha(0).png());
    expect(await elements(clear, inputOf(1, 1, { padColour: [7, 8, 9] }))).toEqual([7, 8, 9]);
    const deep = await pngOf([[[100, 50, 200]]], (image) => image.toColourspace('rgb16').png());
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(await elements(deep, inputOf(1, 1))).toEqual([100, 50, 200]);
  });

  test('a photo taken upside down is turned', async () => {
    const path = await pngOf([[[1, 1, 1]], [[200, 200, 200]]], (image) => image.withMetadata({ orientation: 3 }).png());
    expect(await elements(path, inputOf(1, 2))).toEqual([200, 200, 200, 1, 1, 1]);
  });

  test('WebP and JPEG are read', async () => {
    for (const format of ['webp', 'jpeg'] as const) {
      const path = await pngOf([[[100, 150, 200]]], (image) => image.toFormat(format, { quality: 100 }));
      const [red = 0, green = 0, blue = 0] = await elements(path, inputOf(1, 1));
      expect(Math.max(Math.abs(red - 100), Math.abs(green - 150), Math.abs(blue - 200))).toBeLessThan(6);
    }
  });

  test.each([
    ['empty', new Uint8Array()],
    ['text', new TextEncoder().encode('no image')],
    ['a JPEG cut off', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46)],
  ])('%s is refused with its name', async (_, content) => {
    const path = join(await temporaryFolder(), 'picture.jpg');
    await writeFile(path, content);
    await expect(preprocess(path, inputOf(1, 1))).rejects.toMatchObject({ kind: 'invalid-argument', message: expect.stringMatching(/picture\.jpg is no image that can be read.*Expected a JPEG, PNG or WebP file/) as string });
  });

  test('half of a photo is refused, not half classified', async () => {
    const path = join(await temporaryFolder(), 'half.jpg');
    const whole = await sharp({ create: { width: 200, height: 200, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 128, sigma: 30 } } }).jpeg().toBuffer();
    await writeFile(path, whole.subarray(0, whole.length / 2));
    await expect(preprocess(path, inputOf(10, 10))).rejects.toMatchObject({ kind: 'invalid-argument' });
  });

  test('a model that takes no image of three channels is refused', async () => {
    const path = await pngOf(rows);
    await expect(preprocess(path, { ...inputOf(2, 2), shape: [1, 2, 2, 1] })).rejects.toThrow(/shape \[1, 2, 2, 1\]; expected one image of three channels in NHWC/);
    await expect(preprocess(path, inputOf(2, 2, {}, 'FLOAT16'))).rejects.toThrow(/FLOAT16/);
  });
});
