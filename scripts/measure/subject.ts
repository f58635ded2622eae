import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readManifest } from '../../components/agent/model-package.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { manifestFileName, parseManifest } from '../../components/common/model-manifest.ts';
import { perceptron, shapeOnly, squeezeNet } from './models.ts';

/** Models that need no file: their weights are made up, the same every time. */
export const builtInModels = {
  squeezenet: squeezeNet,
  mlp: perceptron,
  'noop-600kb': () => shapeOnly(600_000),
  'noop-6mb': () => shapeOnly(6_000_000),
} as const;

export const defaultModel = 'squeezenet';

const expected = `Expected a package folder, an .onnx file, or one of ${Object.keys(builtInModels).join(', ')}`;

/**
 * Gives the path of a model to load: of a built-in one a file that is there as long as it is used.
 *
 * @param model a package folder, an `.onnx` file or the name of a built-in model, which wins over a file of that name
 * @throws FescueError `not-found`, or `invalid-argument` for something that is no model
 */
export async function withModelPath<Result>(model: string, use: (path: string) => Promise<Result>): Promise<Result> {
  const build = Object.entries(builtInModels).find(([name]) => name === model)?.[1];
  if (build === undefined) return use(await pathOf(model));
  const folder = await mkdtemp(join(tmpdir(), 'fescue-bench-'));
  try {
    // An agent of another user has to read it.
    await chmod(folder, 0o755);
    const path = join(folder, `${model}.onnx`);
    await writeFile(path, build(), { mode: 0o644 });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pathOf(model: string): Promise<string> {
  const entry = await stat(model).catch((error: unknown) => {
    throw new FescueError('not-found', `Model ${model} cannot be measured: ${messageOf(error)}. ${expected}.`, { cause: error });
  });
  if (!entry.isDirectory() && !model.toLowerCase().endsWith('.onnx')) throw new FescueError('invalid-argument', `Model ${model} cannot be measured: it is no model. ${expected}.`);
  return resolve(model);
}

/** The ONNX file of a package folder or of a model that is one; undefined when it cannot be read here. */
export async function modelFileOf(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  if (!(await stat(path)).isDirectory()) return path;
  const manifest = join(path, manifestFileName);
  return existsSync(manifest) ? join(path, parseManifest((await readManifest(path)).toString('utf8'), manifest).entry) : undefined;
}
