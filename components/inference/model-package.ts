import { join, resolve } from 'node:path';
import { FescueError, messageOf } from '../common/errors.ts';
import { manifestFileName, parseManifest } from '../common/model-manifest.ts';
import { readRegularFile } from '../common/regular-file.ts';
import type { Activation } from './postprocess.ts';
import type { ImageInput } from './preprocess.ts';

/** A manifest or a list of labels is never larger. */
const mostBytes = 4 * 1024 * 1024;

/** An image classifier as its package describes it. */
export type Classifier = {
  readonly name: string;
  readonly version: string;
  readonly input: ImageInput;
  readonly output: { readonly name: string; readonly activation: Activation };
  readonly labels: readonly string[];
};

/**
 * Reads the package of an image classifier.
 *
 * @param folder the package, relative to the working directory
 * @throws FescueError `failed-precondition` when there is none, or it does not classify images
 */
export async function readClassifier(folder: string): Promise<Classifier> {
  const path = join(resolve(folder), manifestFileName);
  const manifest = parseManifest(await readPackageFile(path), path);
  const input = manifest.inputs.find((candidate) => candidate.image !== undefined);
  const output = manifest.outputs[0];
  if (manifest.task !== 'image-classification' || input?.image === undefined || output === undefined) {
    throw new FescueError('failed-precondition', `Manifest ${path}: expected the task image-classification with an image input and an output, got the task ${manifest.task}. Name the package of an image classifier (ModelPath).`);
  }
  const labels = manifest.labels === undefined ? [] : (await readPackageFile(join(resolve(folder), manifest.labels))).trimEnd().split(/\r?\n/);
  return {
    name: manifest.metadata.model_name,
    version: manifest.metadata.model_version,
    input: { name: input.name, dtype: input.dtype, shape: input.shape, image: input.image },
    output: { name: output.name, activation: output.activation },
    labels,
  };
}

async function readPackageFile(path: string): Promise<string> {
  const bytes = await readRegularFile(path, mostBytes).catch((error: unknown) => {
    throw new FescueError('failed-precondition', `Model package: ${path} cannot be read (${messageOf(error)}). Deploy the model component, or correct ModelPath.`, { cause: error });
  });
  return bytes.toString('utf8');
}
