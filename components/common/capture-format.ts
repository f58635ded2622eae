/**
 * The format of captured data, which readers of the original parse: JSON Lines, one line per CaptureData call, and
 * objects of their own for data that is too large for a line. docs/capture.md describes it for people.
 */
import { z } from 'zod';
import { FescueError, messageOf } from './errors.ts';
import { dataTypes, type DataType } from './tensor.ts';

const entry = z
  .looseObject({
    name: z.string().meta({ description: 'Name of the tensor or of the auxiliary data.' }),
    mode: z.enum(['Input', 'Output']),
    observedContentType: z.string().meta({ description: '`Tensor[FLOAT32; 1, 3, 224, 224]` for a tensor; for auxiliary data what its sender calls it, such as `jpg`.' }),
    encoding: z.enum(['CSV', 'JSON', 'NONE', 'BASE64']).meta({ description: 'Of `data`; `NONE` beside `data-ref`: the object holds the bytes as they are.' }),
    data: z.string().optional().meta({ description: 'The data itself: text (CSV, JSON), or bytes in base64, of a tensor row-major and little-endian.' }),
    'data-ref': z.string().optional().meta({ description: 'Where the data is: `s3://bucket/key` or `file:///path`.' }),
  })
  .meta({ id: 'entry', description: 'A tensor or a piece of auxiliary data, with either `data` or `data-ref`.' });

export const captureLine = z.looseObject({
  deviceFleetInputs: z.array(entry).meta({ description: 'Input tensors.' }),
  deviceFleetOutputs: z.array(entry).meta({ description: 'Output tensors.' }),
  deviceFleetAuxiliaryInputs: z.array(entry).default([]).meta({ description: 'What went along with the inputs, such as the image.' }),
  deviceFleetAuxiliaryOutputs: z.array(entry).default([]).meta({ description: 'What went along with the outputs.' }),
  eventMetadata: z.looseObject({
    deviceFleetName: z.string(),
    deviceId: z.string().meta({ description: 'Name of the device.' }),
    eventId: z.string().meta({ description: 'The capture id.' }),
    inferenceTime: z.string().meta({ description: 'When the prediction was made, UTC: `2023-03-14T16:11:30`.' }),
    modelName: z.string().meta({ description: 'Alias of the model.' }),
    modelVersion: z.string().meta({ description: 'Version in the manifest of the package; empty for a bare model file.' }),
  }),
  eventVersion: z.string().meta({ description: 'Always `0`.' }),
});

/** A tensor or a piece of auxiliary data of a line. */
export type CaptureEntry = z.infer<typeof entry>;
/** One captured call. */
export type CaptureLine = z.infer<typeof captureLine>;

export const eventVersion = '0';

/** Auxiliary data of this name says what a capture is worth: one digit, 9 the highest. */
export const priorityName = 'fescue-priority';

/** @throws FescueError `invalid-argument` when the text is no line of captured data */
export function parseCaptureLine(text: string): CaptureLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FescueError('invalid-argument', `it is no JSON (${messageOf(error)})`, { cause: error });
  }
  const parsed = captureLine.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FescueError('invalid-argument', parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`).join('; '));
}

/** `Tensor[FLOAT32; 1, 3, 224, 224]` */
export function tensorContentType({ dtype, shape }: { readonly dtype: DataType; readonly shape: readonly number[] }): string {
  return `Tensor[${dtype}; ${shape.join(', ')}]`;
}

/**
 * Reads a tensor's content type. What the original wrote for the type is not known, so any word is taken.
 *
 * @returns undefined when it is not a tensor's; without a `dtype` when the word names none
 */
export function parseTensorContentType(text: string): { readonly dtype: DataType | undefined; readonly word: string; readonly shape: readonly number[] } | undefined {
  const [, word, axes = ''] = /^Tensor\[\s*(\w+)\s*;?\s*([\d,\s]*)\]$/.exec(text) ?? [];
  if (word === undefined) return undefined;
  const shape = axes.split(',').filter((axis) => axis.trim() !== '').map(Number);
  return { word, dtype: dataTypes.find((dtype) => dtype === word.toUpperCase()), shape };
}

const hourMs = 3_600_000;

/** The UTC hour of a moment, counted since 1970. */
export function hourOf(epochMs: number): number {
  return Math.floor(epochMs / hourMs);
}

/** The folder of an hour: `<prefix>/<fleet>/<model>/<YYYY>/<MM>/<DD>/<HH>`. */
export function hourFolder({ prefix, fleet, model, hour }: { readonly prefix: string; readonly fleet: string; readonly model: string; readonly hour: number }): string {
  const [date = '', time = ''] = new Date(hour * hourMs).toISOString().split('T');
  return [prefix, fleet, model, ...date.split('-'), time.slice(0, 2)].filter((part) => part !== '').join('/');
}

/** `2023-03-14T16:11:30`, UTC */
export function inferenceTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19);
}
