import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { digestOf } from '../../components/agent/model-package.ts';
import { signatureFileName } from '../../components/agent/signature.ts';
import { isNoRoom, roomError } from '../../components/common/disk-room.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { manifestFileName, parseManifest, type ModelManifest } from '../../components/common/model-manifest.ts';
import type { Tensor, TensorSpec } from '../../components/common/tensor.ts';
import { parseRecipe } from '../local-nucleus/recipe.ts';
import { writeArchive } from './archive.ts';
import { copyInstaller } from './artifacts.ts';
import { recipeFileName } from './build-components.ts';
import { writeModelProject } from './gdk-model.ts';
import { compareWithGolden } from './golden.ts';
import { readOnnxFile } from './onnx-file.ts';
import { withPrivateAgent, type PrivateModel } from './private-agent.ts';
import { putInPlace } from './put-in-place.ts';
import { modelComponent, recipeText, type Component } from './recipes.ts';
import { signManifest } from './sign.ts';

type Npy = Pick<Tensor, 'dtype' | 'shape' | 'bytes'>;

export type PackageOrder = {
  readonly model: string;
  readonly name: string;
  readonly version: string;
  readonly component: string;
  readonly publisher: string;
  readonly labels?: string;
  /** The manifest's task, inputs and outputs, from the tensors of the model. */
  readonly describe: (tensors: { inputs: readonly TensorSpec[]; outputs: readonly TensorSpec[] }) => Pick<ModelManifest, 'task' | 'inputs' | 'outputs'>;
  readonly golden?: { readonly inputFile: string; readonly input: Npy; readonly outputFile: string; readonly output: Npy; readonly tolerance: number };
  readonly signWith?: { readonly keyPem: string; readonly chainPem: string };
  /** Receives `packages`, `recipes`, `artifacts` and `gdk`; what is there of this component's version is replaced. */
  readonly out: string;
};

export type PackageResult = {
  readonly component: string;
  readonly version: string;
  readonly package: string;
  readonly recipe: string;
  readonly artifacts: string;
  /** The folder in which `gdk component build` and `publish` run. */
  readonly gdkProject: string;
  readonly recipeDir: string;
  readonly artifactDir: string;
};

/**
 * Makes a package of an ONNX file, and the Greengrass component that brings it to devices. Nothing is left behind when
 * the model, its golden output or the finished package is refused, or the disk is full.
 *
 * @throws FescueError naming what cannot be used
 */
export async function packageModel(order: PackageOrder): Promise<PackageResult> {
  const component = modelComponent({ name: order.component, version: order.version, publisher: order.publisher, description: `${order.name}, as a model package.` });
  const recipe = recipeText(component, 'Written by `fescue package`.');
  parseRecipe(recipe, `of ${order.component}`);
  const files = await contentOf(order);
  const described = await withPrivateAgent(order.model, [], async (loaded) => {
    await checkGolden(order, loaded);
    return order.describe(loaded.model);
  });
  await mkdir(order.out, { recursive: true });
  const staging = await mkdtemp(resolve(order.out, '.staging-'));
  try {
    await writePackage(join(staging, 'package'), files, order, described);
    await withPrivateAgent(join(staging, 'package'), [], () => Promise.resolve());
    return await layOut(component, recipe, { order, staging, names: Object.keys(files) });
  } catch (error) {
    throw roomError(error, resolve(order.out));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Where each file of the package is now, by its path in the package. */
async function contentOf(order: PackageOrder): Promise<Record<string, string>> {
  const { externalFiles } = await readOnnxFile(order.model);
  return {
    'model.onnx': order.model,
    ...Object.fromEntries(externalFiles.map((name) => [name, join(dirname(order.model), name)])),
    ...(order.labels === undefined ? {} : { 'labels.txt': order.labels }),
    ...(order.golden === undefined ? {} : { 'golden/input.npy': order.golden.inputFile, 'golden/output.npy': order.golden.outputFile }),
  };
}

async function checkGolden({ golden }: PackageOrder, { client, alias, model }: PrivateModel): Promise<void> {
  if (golden === undefined) return;
  if (model.inputs.length !== 1) throw new FescueError('invalid-argument', `--golden takes a model with one input; ${basename(model.url)} has ${model.inputs.length}.`);
  const { bytes, ...metadata } = golden.input;
  const [output] = await client.predict(alias, [{ bytes, metadata }]);
  if (output === undefined) throw new FescueError('failed-precondition', 'The model gives no output to compare with the golden one.');
  compareWithGolden(output, golden.output, golden.tolerance);
}

async function writePackage(folder: string, files: Record<string, string>, order: PackageOrder, described: ReturnType<PackageOrder['describe']>): Promise<void> {
  const listed: ModelManifest['files'] = {};
  for (const [name, from] of Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const target = join(folder, name);
    if (!target.startsWith(folder + sep)) throw new FescueError('invalid-argument', `The model keeps weights in "${name}", outside of its folder. Save it with weights beside the file, or inside.`);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target).catch((error: unknown) => {
      if (isNoRoom(error)) throw error;
      throw new FescueError('not-found', `File ${from} cannot be copied: ${messageOf(error)}.`, { cause: error });
    });
    listed[name] = { sha256: await digestOf(target), bytes: (await stat(target)).size };
  }
  const manifest = {
    metadata: { model_name: order.name, model_version: order.version },
    format: 'onnx',
    entry: 'model.onnx',
    files: listed,
    ...(order.labels === undefined ? {} : { labels: 'labels.txt' }),
    ...(order.golden === undefined ? {} : { golden: { input: 'golden/input.npy', output: 'golden/output.npy', tolerance: order.golden.tolerance } }),
    ...described,
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  parseManifest(text, manifestFileName);
  await writeFile(join(folder, manifestFileName), text);
  if (order.signWith !== undefined) await writeFile(join(folder, signatureFileName), signManifest(Buffer.from(text), order.signWith));
}

async function layOut(component: Component, recipe: string, { order, staging, names }: { order: PackageOrder; staging: string; names: readonly string[] }): Promise<PackageResult> {
  const [recipeDir, artifactDir] = [resolve(order.out, 'recipes'), resolve(order.out, 'artifacts')];
  const result = {
    component: component.name,
    version: component.version,
    package: resolve(order.out, 'packages', component.name, component.version),
    recipe: join(recipeDir, recipeFileName(component)),
    artifacts: join(artifactDir, component.name, component.version),
    gdkProject: resolve(order.out, 'gdk', component.name),
    recipeDir,
    artifactDir,
  };
  const inPackage = [manifestFileName, ...(order.signWith === undefined ? [] : [signatureFileName]), ...names];
  // Complete before anything is put where it is looked for.
  const artifacts = join(staging, 'artifacts');
  await copyInstaller(artifacts);
  await writeArchive(join(artifacts, component.archive), inPackage.map((name) => ({ name, from: join(staging, 'package', name) })), join(staging, 'archive'));
  await writeFile(join(staging, 'recipe'), recipe);
  await writeModelProject(join(staging, 'gdk'), { component, recipe, author: order.publisher, artifacts });
  await putInPlace(artifacts, result.artifacts);
  await putInPlace(join(staging, 'package'), result.package);
  await putInPlace(join(staging, 'recipe'), result.recipe);
  await putInPlace(join(staging, 'gdk'), result.gdkProject);
  return result;
}

/** A file of the command line as text. @throws FescueError `not-found` */
export async function readText(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new FescueError('not-found', `${what} ${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  });
}
