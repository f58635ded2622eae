import sharp, { type Sharp } from 'sharp';
import { elementArrayOf } from '../../components/common/tensor-elements.ts';
import type { Tensor } from '../../components/common/tensor.ts';

/** A small picture of what a model was run on: the image itself, or its input tensor made visible. */
export type Picture = { readonly of: 'image' | 'tensor'; readonly uri: string; readonly width: number; readonly height: number };

/** Pixels on the longer side: twice of what is shown. */
const side = 320;
const mostPixels = 100_000_000;
const longestAxis = 8192;

/** @returns undefined when the bytes are no image that can be decoded */
export async function pictureOfImage(bytes: Buffer): Promise<Picture | undefined> {
  return shrink('image', () => sharp(bytes, { limitInputPixels: mostPixels }).autoOrient().flatten({ background: '#ffffff' }));
}

/**
 * Shows a tensor of one image with three channels; its smallest element becomes dark, its largest bright.
 *
 * @returns undefined for any other tensor
 */
export async function pictureOfTensor(tensor: Tensor): Promise<Picture | undefined> {
  const axes = imageAxes(tensor.shape);
  if (axes === undefined) return undefined;
  const { width, height, planar } = axes;
  const raw = { width, height, channels: 3 as const };
  return shrink('tensor', () => sharp(pixelsOf(tensor, planar), { raw }));
}

/** Of `[1, 3, height, width]` or `[1, height, width, 3]`. */
function imageAxes([batch, ...axes]: readonly number[]): { readonly width: number; readonly height: number; readonly planar: boolean } | undefined {
  const planar = axes[0] === 3;
  const [height = 0, width = 0] = planar ? axes.slice(1) : axes;
  const fits = batch === 1 && axes.length === 3 && (planar || axes[2] === 3) && height > 0 && width > 0;
  return fits && height <= longestAxis && width <= longestAxis ? { width, height, planar } : undefined;
}

function pixelsOf(tensor: Tensor, planar: boolean): Buffer {
  const elements = Float64Array.from(elementArrayOf(tensor), Number);
  const finite = elements.filter(Number.isFinite);
  const [low, high] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
  const plane = elements.length / 3;
  const pixels = Buffer.alloc(elements.length);
  elements.forEach((value, index) => {
    const place = planar ? (index % plane) * 3 + Math.floor(index / plane) : index;
    // NaN becomes 0, infinities the ends.
    pixels[place] = high > low ? Math.min(255, Math.max(0, Math.round(((value - low) / (high - low)) * 255))) : 128;
  });
  return pixels;
}

async function shrink(of: Picture['of'], open: () => Sharp): Promise<Picture | undefined> {
  try {
    const { data, info } = await open().resize(side, side, { fit: 'inside', withoutEnlargement: true }).webp({ quality: 72 }).toBuffer({ resolveWithObject: true });
    return { of, uri: `data:image/webp;base64,${data.toString('base64')}`, width: info.width, height: info.height };
  } catch (error) {
    // What sharp throws for bytes it cannot decode; there is a picture or there is none.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
