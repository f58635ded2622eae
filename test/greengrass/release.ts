import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SemVer } from 'semver';
import { extract } from 'tar';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { productVersion } from '../../components/common/version.ts';
import { writeArchive } from '../../scripts/packaging/archive.ts';
import { buildComponents } from '../../scripts/packaging/build-components.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';

/** Recipes and artifacts, and every component there with its version. */
export type Release = { readonly recipeDir: string; readonly artifactDir: string; readonly versions: Readonly<Record<string, string>> };

/** That of the bundle's agent, and two later ones. */
export const versions = [productVersion, laterThan(1), laterThan(2)] as const;

const recipeFile = z.looseObject({ Manifests: z.tuple([z.looseObject({ Lifecycle: z.record(z.string(), z.looseObject({})) })]) });

/** What the agent of a later release prints before anything else. */
export const noteOf = (version: string): string => `the agent of ${version} begins`;

/** The whole bundle, as it is built. */
export async function buildBundle(folder: string): Promise<Release> {
  const { recipeDir, artifactDir, components } = await buildComponents({ folder: join(folder, 'bundle') });
  return { recipeDir, artifactDir, versions: components };
}

/**
 * A later version of the agent: its recipe, with other scripts, and its artifacts, with another archive.
 *
 * @param options.scripts by the step of the lifecycle. The rest of a step stays: the classic nucleus cannot roll back
 *   one that was a map and became text
 */
export async function laterAgent(options: { bundle: Release; folder: string; version: string; scripts?: Record<string, string> }): Promise<Release> {
  const { bundle, version, scripts = {} } = options;
  const component = componentNames.agent;
  const folder = join(options.folder, version);
  const release: Release = { recipeDir: join(folder, 'recipes'), artifactDir: join(folder, 'artifacts'), versions: { [component]: version } };
  await mkdir(release.recipeDir, { recursive: true });
  const recipe = recipeFile.parse(parse(await readFile(join(bundle.recipeDir, `${component}-${productVersion}.yaml`), 'utf8')));
  const [manifest] = recipe.Manifests;
  const steps = Object.entries(manifest.Lifecycle).map(([name, step]) => [name, { ...step, ...(scripts[name] !== undefined && { Script: scripts[name] }) }]);
  const changed = { ...recipe, ComponentVersion: version, Manifests: [{ ...manifest, Lifecycle: Object.fromEntries(steps) as object }] };
  await writeFile(join(release.recipeDir, `${component}-${version}.yaml`), stringify(changed, { version: '1.1' }));
  const artifacts = join(release.artifactDir, component, version);
  await cp(join(bundle.artifactDir, component, productVersion), artifacts, { recursive: true });
  await changeArchive(join(artifacts, 'agent.tar.gz'), { folder, note: noteOf(version) });
  return release;
}

async function changeArchive(archive: string, { folder, note }: { folder: string; note: string }): Promise<void> {
  const content = join(folder, 'content');
  await mkdir(content);
  await extract({ file: archive, cwd: content });
  await appendFile(join(content, 'agent.cjs'), `\nprocess.stdout.write(${JSON.stringify(`${JSON.stringify({ level: 'info', msg: note })}\n`)});\n`);
  await writeArchive(archive, [{ name: '', from: content }], join(folder, 'staging'));
}

function laterThan(patches: number): string {
  const { major, minor, patch } = new SemVer(productVersion);
  return `${major}.${minor}.${patch + patches}`;
}
