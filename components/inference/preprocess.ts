import sharp, { type Sharp } from 'sharp';
import { FescueError, messageOf } from '../common/errors.ts';
import type { ImagePreprocessing } from '../common/model-manifest.ts';
import type { DataType, Tensor } from '../common/tensor.ts';

/** How to make an input tensor from an image: a manifest's input with its `image` part. */
export type ImageInput = { readonly name: string; readonly dtype: DataType; readonly shape: readonly number[]; readonly image: ImagePreprocessing };

/** Larger images are refused before they are decoded. */
const maxPixels = 100_000_000;

/**
 * Reads an image as the model's input: upright (EXIF), three channels, resized, cropped, normalised.
 *
 * @param source path of the image file, or its bytes
 * @returns a tensor of the input's type and shape; a dynamic batch axis becomes 1
 * @throws FescueError `invalid-argument` when it is no image sharp can read
 */
export async function preprocess(source: string | Buffer, input: ImageInput): Promise<Tensor> {
  const shape = input.shape.map((axis, index) => (index === 0 && axis === -1 ? 1 : axis));
  const { width, height } = imageSize(input.image, shape);
  const pixels = await decode(source, input.image, width, height);
  return { name: input.name, dtype: input.dtype, shape, bytes: normalise(pixels, input) };
}

/** The pixels of width × height that a shape `[1, 3, height, width]` or `[1, height, width, 3]` takes. */
function imageSize(image: ImagePreprocessing, shape: readonly number[]): { width: number; height: number } {
  const [batch, ...axes] = shape;
  const [channels, height, width] = image.layout === 'NCHW' ? axes : [axes[2], axes[0], axes[1]];
  if (axes.length !== 3 || batch !== 1 || channels !== 3 || height === undefined || width === undefined || height < 1 || width < 1) {
    throw new FescueError('failed-precondition', `The model's image input has shape [${shape.join(', ')}]; expected one image of three channels in ${image.layout} of fixed size.`);
  }
  return { width, height };
}

/** RGB bytes, height × width × 3. */
async function decode(source: string | Buffer, image: ImagePreprocessing, width: number, height: number): Promise<Buffer> {
  try {
    const upright = sharp(source, { limitInputPixels: maxPixels, failOn: 'error' }).autoOrient().flatten({ background: colour(image) });
    return await fit(upright, image, width, height).removeAlpha().raw({ depth: 'uchar' }).toBuffer();
  } catch (error) {
    const [reason = ''] = messageOf(error).split('\n');
    throw new FescueError('invalid-argument', `${typeof source === 'string' ? source : 'The data'} is no image that can be read: ${reason}. Expected a JPEG, PNG or WebP file.`, { cause: error });
  }
}

function fit(picture: Sharp, image: ImagePreprocessing, width: number, height: number): Sharp {
  const kernel = image.kernel;
  switch (image.resize) {
    case 'stretch':
      return picture.resize(width, height, { fit: 'fill', kernel });
    case 'letterbox':
      return picture.resize(width, height, { fit: 'contain', kernel, background: colour(image) });
    case 'center-crop':
      return centreCrop(picture, image, width, height);
  }
}

/** The shorter side at `shortSide`, then the centre: a square of that side around the centre, and the target inside it. */
function centreCrop(picture: Sharp, image: ImagePreprocessing, width: number, height: number): Sharp {
  const side = Math.max(image.shortSide ?? 0, width, height);
  return picture
    .resize(side, side, { fit: 'cover', kernel: image.kernel })
    .extract({ left: Math.round((side - width) / 2), top: Math.round((side - height) / 2), width, height });
}

function colour(image: ImagePreprocessing): { r: number; g: number; b: number } {
  const [r = 0, g = 0, b = 0] = image.padColour;
  return { r, g, b };
}

const elementArrays = {
  UINT8: Uint8ClampedArray,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FLOAT32: Float32Array,
  FLOAT64: Float64Array,
} as const;

/**
 * (pixel − mean) × scale per channel, in the input's layout, colour order and type. Integers are rounded; UINT8 also
 * saturates. A channel has 256 possible values, so each is computed once.
 */
function normalise(pixels: Buffer, input: ImageInput): Uint8Array {
  const tables = channelTables(input);
  const pixelCount = pixels.length / 3;
  const planar = input.image.layout === 'NCHW';
  const elements = new elementArrays[arrayType(input)](pixels.length) as { [index: number]: number | bigint } & ArrayBufferView;
  for (let channel = 0; channel < 3; channel += 1) {
    const source = input.image.colourOrder === 'RGB' ? channel : 2 - channel;
    const table = tables[channel] ?? [];
    const start = planar ? channel * pixelCount : channel;
    const step = planar ? 1 : 3;
    for (let pixel = 0; pixel < pixelCount; pixel += 1) {
      elements[start + pixel * step] = table[pixels[pixel * 3 + source] ?? 0] ?? 0;
    }
  }
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

function arrayType(input: ImageInput): keyof typeof elementArrays {
  if (input.dtype !== 'FLOAT16') return input.dtype;
  throw new FescueError('failed-precondition', `Image input "${input.name}" is FLOAT16, which images are not prepared for. Export the model with a FLOAT32 or UINT8 input.`);
}

/** The normalised value of each pixel value, by channel of the tensor. */
function channelTables(input: ImageInput): (number[] | bigint[])[] {
  const floating = input.dtype === 'FLOAT32' || input.dtype === 'FLOAT64';
  return [0, 1, 2].map((channel) => {
    const mean = input.image.mean[channel] ?? 0;
    const scale = input.image.scale[channel] ?? 1;
    const values = Array.from({ length: 256 }, (_, pixel) => (pixel - mean) * scale);
    if (floating) return values;
    return input.dtype === 'INT64' ? values.map((value) => BigInt(Math.round(value))) : values.map(Math.round);
  });
}
