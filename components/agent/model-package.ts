import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { FescueError, hasCode } from '../common/errors.ts';
import { manifestFileName, parseManifest, type ModelManifest } from '../common/model-manifest.ts';
import { describeTensor, type TensorSpec } from '../common/tensor.ts';
import type { ModelTensors } from './worker-messages.ts';

/** What LoadModel found at its url: an ONNX file, with the manifest when it came in a package. */
export type ModelFiles = { readonly modelPath: string; readonly manifest?: ModelManifest };

/** Larger manifests are refused before they are read. */
const maxManifestBytes = 4 * 1024 * 1024;

/**
 * Opens a model package (a directory) or a bare `.onnx` file and verifies every file the manifest names.
 *
 * @param path an absolute path
 * @throws FescueError `not-found`, `invalid-argument` for something that is no model, `failed-precondition` for a
 *   package that cannot be used
 */
export async function openModelFiles(path: string): Promise<ModelFiles> {
  const entry = await stat(path).catch((error: unknown) => {
    throw hasCode(error, 'ENOENT', 'ENOTDIR')
      ? new FescueError('not-found', `There is nothing at ${path}. Expected a model package directory or an .onnx file.`, { cause: error })
      : new FescueError('failed-precondition', `${path} cannot be read by the agent: ${String(error)}.`, { cause: error });
  });
  if (entry.isDirectory()) return openPackage(path);
  if (entry.isFile() && path.toLowerCase().endsWith('.onnx')) return { modelPath: path };
  throw new FescueError('invalid-argument', `${path} is no model: expected a package directory with ${manifestFileName}, or a file ending in .onnx.`);
}

async function openPackage(directory: string): Promise<ModelFiles> {
  const root = await realpath(directory);
  const manifest = await readManifest(join(root, manifestFileName));
  for (const [name, expected] of Object.entries(manifest.files)) await verifyFile(root, name, expected);
  return { modelPath: join(root, manifest.entry), manifest };
}

async function readManifest(path: string): Promise<ModelManifest> {
  try {
    const { size } = await stat(path);
    if (size > maxManifestBytes) throw unusable(`${path} has ${size} bytes; a manifest has at most ${maxManifestBytes}.`);
    return parseManifest(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw unusable(`There is no ${path}. A model package needs its manifest; to load a model without one, name the .onnx file itself.`);
  }
}

async function verifyFile(root: string, name: string, expected: { sha256: string; bytes: number }): Promise<void> {
  const path = await realpath(join(root, name)).catch((error: unknown) => {
    throw unusable(`File "${name}" of the package ${root} is missing (${String(error)}). Copy the whole package again.`);
  });
  if (!path.startsWith(root + sep)) throw unusable(`File "${name}" of the package ${root} leads outside it, to ${path}.`);
  const { size } = await stat(path);
  if (size !== expected.bytes) throw unusable(`${path}: expected ${expected.bytes} bytes as in the manifest, got ${size}. The file is cut off or replaced; copy the package again.`);
  const sha256 = await digestOf(path);
  if (sha256 !== expected.sha256) throw unusable(`${path}: expected SHA-256 ${expected.sha256} as in the manifest, got ${sha256}. The file is damaged or replaced; copy the package again.`);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Checks that the tensors a manifest declares are the model's own.
 *
 * @throws FescueError `failed-precondition` naming the first that differs
 */
export function checkDeclaredTensors(manifest: ModelManifest, tensors: ModelTensors): void {
  for (const direction of ['inputs', 'outputs'] as const) {
    for (const declared of manifest[direction]) {
      const actual = tensors[direction].find((tensor) => tensor.name === declared.name);
      if (actual === undefined || !sameTensor(declared, actual)) {
        throw unusable(`The manifest declares ${direction} "${declared.name}" as ${describeTensor(declared)}; the model has ${listTensors(tensors[direction])}.`);
      }
    }
  }
}

function sameTensor(declared: TensorSpec, actual: TensorSpec): boolean {
  return describeTensor(declared) === describeTensor(actual);
}

function listTensors(tensors: readonly TensorSpec[]): string {
  return tensors.map((tensor) => `"${tensor.name}" ${describeTensor(tensor)}`).join(', ');
}

function unusable(message: string): FescueError {
  return new FescueError('failed-precondition', message);
}
