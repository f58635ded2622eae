import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { FescueError, messageOf } from './errors.ts';
import { dataTypes } from './tensor.ts';

/** Name of the manifest file inside a model package. */
export const manifestFileName = 'sagemaker_edge_manifest';

const packagePath = z.string().min(1).refine(staysInside, { error: 'must be a relative path inside the package' });
const perChannel = z.array(z.number()).length(3);

/**
 * How an image becomes an input tensor. Each channel value is (pixel − mean) × scale with pixel in 0…255.
 */
const imagePreprocessing = z.strictObject({
  /**
   * `center-crop`: resize the shorter side to `shortSide` pixels, keep the centre.
   * `stretch`: resize both sides, ignoring the aspect ratio. `letterbox`: fit inside, fill the rest with `padColour`.
   */
  resize: z.enum(['center-crop', 'stretch', 'letterbox']),
  shortSide: z.int().min(1).max(8192).optional(),
  kernel: z.enum(['nearest', 'linear', 'cubic', 'lanczos3']).default('linear'),
  padColour: z.array(z.int().min(0).max(255)).length(3).default([0, 0, 0]),
  colourOrder: z.enum(['RGB', 'BGR']).default('RGB'),
  layout: z.enum(['NCHW', 'NHWC']),
  mean: perChannel.default([0, 0, 0]),
  scale: perChannel.default([1, 1, 1]),
});

const tensor = z.object({
  name: z.string().min(1),
  dtype: z.enum(dataTypes),
  shape: z.array(z.int().min(-1)).max(16),
});

/** What captures are worth of whose worth nobody says anything, from 0 to 9. */
export const defaultCapturePriority = 5;

/** A model package's manifest: the original's two metadata keys, and ours. Unknown keys are left alone. */
const manifestSchema = z
  .looseObject({
    metadata: z.looseObject({ model_name: z.string().min(1), model_version: z.string().min(1) }),
    format: z.literal('onnx'),
    /** The file to load. */
    entry: packagePath,
    /** Every file of the package besides the manifest. */
    files: z.record(packagePath, z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex digits'), bytes: z.int().min(0) })),
    task: z.enum(['image-classification', 'tensor']).default('tensor'),
    /** File of class names, one per line, line number = class index. */
    labels: packagePath.optional(),
    /** NumPy files of an input and the model's first output for it: equal within tolerance × (1 + |value|). */
    golden: z.object({ input: packagePath, output: packagePath, tolerance: z.number().min(0) }).optional(),
    /** What captures of this model are worth: 0 to 9, the higher the later they are given up. */
    capture: z.object({ priority: z.int().min(0).max(9).default(defaultCapturePriority) }).prefault({}),
    inputs: z.array(tensor.extend({ image: imagePreprocessing.optional() })).default([]),
    outputs: z.array(tensor.extend({ activation: z.enum(['softmax', 'sigmoid', 'none']).default('none') })).default([]),
  })
  .superRefine(({ files, entry, labels, golden }, context) => {
    for (const [key, file] of Object.entries({ entry, labels, 'golden.input': golden?.input, 'golden.output': golden?.output })) {
      if (file !== undefined && !Object.hasOwn(files, file)) {
        context.addIssue({ code: 'custom', path: [key], message: `"${file}" is not listed under files` });
      }
    }
  });

export type ModelManifest = z.infer<typeof manifestSchema>;
export type ImagePreprocessing = z.infer<typeof imagePreprocessing>;

/**
 * Reads a manifest.
 *
 * @param text the file's content
 * @param path where it came from, for messages
 * @throws FescueError `failed-precondition` naming every problem at once
 */
export function parseManifest(text: string, path: string): ModelManifest {
  const parsed = manifestSchema.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(whole file)'}: ${messageOfIssue(issue)}`);
  throw new FescueError('failed-precondition', `Manifest ${path} cannot be used: ${problems.join('; ')}. Correct these keys and load the package again.`);
}

/** Of a bad key zod says only that it is bad; why is one level down. */
function messageOfIssue(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message).join(', ') : issue.message;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FescueError('failed-precondition', `Manifest ${path} is not valid JSON: ${messageOf(error)}.`, { cause: error });
  }
}

function staysInside(path: string): boolean {
  return !isAbsolute(path) && !path.includes('\0') && !normalize(path).split('/').includes('..');
}
