import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { readManifest } from '../../components/agent/model-package.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { manifestFileName, parseManifest } from '../../components/common/model-manifest.ts';
import { readClassifier, type Classifier } from '../../components/inference/model-package.ts';

/** A model as its package tells of it. */
export type Description = {
  readonly name: string;
  /** Null for a bare model file. */
  readonly version: string | null;
  /** Of an image classifier: how images are prepared, and what its output means. */
  readonly classifier: Classifier | undefined;
};

/**
 * @param path a package folder or an `.onnx` file
 * @throws FescueError `not-found`, `invalid-argument` for something that is no model, `failed-precondition` for a package
 *   that cannot be used
 */
export async function describeModel(path: string): Promise<Description> {
  const entry = await stat(path).catch((error: unknown) => {
    throw new FescueError('not-found', `Model ${path} cannot be read: ${messageOf(error)}. Expected a package folder or an .onnx file.`, { cause: error });
  });
  if (entry.isDirectory()) return describePackage(resolve(path));
  if (path.toLowerCase().endsWith('.onnx')) return { name: basename(path), version: null, classifier: undefined };
  throw new FescueError('invalid-argument', `${path} is no model. Expected a package folder or an .onnx file.`);
}

async function describePackage(folder: string): Promise<Description> {
  const { metadata, task } = parseManifest((await readManifest(folder)).toString('utf8'), join(folder, manifestFileName));
  return { name: metadata.model_name, version: metadata.model_version, classifier: task === 'image-classification' ? await readClassifier(folder) : undefined };
}
