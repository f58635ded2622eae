import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';

const run = promisify(execFile);

const configFile = z.object({
  component: z.record(z.string(), z.object({ author: z.string(), version: z.string(), build: z.object({ build_system: z.literal('custom'), custom_build_command: z.array(z.string()).min(1) }) })),
});
const recipeFile = z.object({ ComponentName: z.string(), ComponentVersion: z.string(), ComponentPublisher: z.string(), Manifests: z.array(z.object({ Artifacts: z.array(z.object({ Uri: z.string() })) })) });

export type GdkProject = { readonly folder: string; readonly name: string; readonly version: string; readonly author: string; readonly command: readonly string[] };

/** What GDK reads of a project. */
export async function readGdkProject(folder: string): Promise<GdkProject> {
  const { component } = configFile.parse(JSON.parse(await readFile(join(folder, 'gdk-config.json'), 'utf8')));
  const [only, ...others] = Object.entries(component);
  if (only === undefined || others.length > 0) throw new Error(`${folder} has ${Object.keys(component).length} components; GDK takes one`);
  const [name, { author, version, build }] = only;
  return { folder, name, version, author, command: build.custom_build_command };
}

/** Does what `gdk component build` does: empties `greengrass-build` and starts the command in the folder, without a shell. */
export async function buildAsGdk({ folder, name, version, command: [program = '', ...args] }: GdkProject, environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  const output = join(folder, 'greengrass-build');
  await rm(output, { recursive: true, force: true });
  for (const inner of ['recipes', join('artifacts', name, version)]) await mkdir(join(output, inner), { recursive: true });
  await run(program, args, { cwd: folder, env: environment });
}

/**
 * Checks that a project is built as `gdk component publish` takes it.
 *
 * @returns the files it would upload
 * @throws AssertionError
 */
export async function checkPublishable({ folder, name, version, author }: GdkProject): Promise<string[]> {
  const output = join(folder, 'greengrass-build');
  deepStrictEqual((await readdir(output)).toSorted(), ['artifacts', 'recipes']);
  deepStrictEqual(await readdir(join(output, 'recipes')), ['recipe.yaml']);
  const text = await readFile(join(output, 'recipes/recipe.yaml'), 'utf8');
  ok(Buffer.byteLength(text) < 8192, 'nucleus lite reads 8 KiB of a recipe, GDK 16000 bytes');
  const recipe = recipeFile.parse(parse(text));
  deepStrictEqual([recipe.ComponentName, recipe.ComponentVersion, recipe.ComponentPublisher], [name, version, author]);
  deepStrictEqual(await readdir(join(output, 'artifacts')), [name]);
  deepStrictEqual(await readdir(join(output, 'artifacts', name)), [version]);
  const files = (await readdir(join(output, 'artifacts', name, version))).toSorted();
  for (const file of files) ok((await stat(join(output, 'artifacts', name, version, file))).isFile(), `${file} is no file: GDK uploads the entries of one folder`);
  const uris = recipe.Manifests.flatMap(({ Artifacts }) => Artifacts.map(({ Uri }) => Uri));
  for (const uri of uris) strictEqual(uri, `s3://BUCKET_NAME/COMPONENT_NAME/COMPONENT_VERSION/${basename(uri)}`);
  deepStrictEqual([...new Set(uris.map((uri) => basename(uri)))].toSorted(), files);
  return files;
}
