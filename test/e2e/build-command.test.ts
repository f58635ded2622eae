import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { list } from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeArtifacts, type Artifact } from '../../scripts/packaging/artifacts.ts';
import { buildComponents, hostArchitecture, type BuildResult } from '../../scripts/packaging/build-components.ts';
import { componentNames, runtimeArchive } from '../../scripts/packaging/recipes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const run = promisify(execFile);
const { runtime, agent, model, inference } = componentNames;

/** Runs `npm run build` of a checkout for this machine from some other folder, and gives the digest of each file. */
async function digestsOf(checkout: string, out: string, options: { umask: string; cwd: string }): Promise<Record<string, string>> {
  const { stdout } = await run('sh', ['-c', `umask ${options.umask}; exec "$@"`, 'sh', process.execPath, join(checkout, 'scripts/build.ts'), '--architecture', hostArchitecture(), '--out', out], options);
  const rows = stdout.matchAll(/^(\S+) +\S+ +(\S+) +([\d.]+) +([0-9a-f]{64})$/gm);
  return Object.fromEntries([...rows].map(([, component, file, , sha256]) => [`${component} ${file}`, sha256 ?? '']));
}

/** A copy of what a build reads, with new times and with modes of its own. */
async function copyOfCheckout(): Promise<string> {
  const copy = join(await temporaryFolder(), 'elsewhere');
  await mkdir(copy);
  for (const name of ['components', 'scripts', 'proto', 'package.json', 'package-lock.json', 'tsconfig.json', '.npmrc']) await cp(resolve(name), join(copy, name), { recursive: true, filter: (source) => basename(source) !== 'greengrass-build' });
  await run('chmod', ['-R', 'go-rwx', copy]);
  await symlink(resolve('node_modules'), join(copy, 'node_modules'));
  return copy;
}

describe('npm run build', () => {
  test('gives the same bytes from another checkout, with other modes and times, into another folder', async () => {
    const [here, there, copy] = [await temporaryFolder(), await temporaryFolder(), await copyOfCheckout()];
    const first = await digestsOf(resolve('.'), join(here, 'build'), { umask: '022', cwd: resolve('.') });
    expect(Object.keys(first)).toEqual([
      `${runtime} install.sh`, `${runtime} ${runtimeArchive(hostArchitecture())}`, `${agent} agent.tar.gz`, `${agent} install.sh`, `${agent} stop.sh`,
      `${model} install.sh`, `${model} model.tar.gz`, `${inference} inference.tar.gz`, `${inference} install.sh`, `${inference} stop.sh`,
    ]);
    expect(await digestsOf(copy, join(there, 'build'), { umask: '077', cwd: there })).toEqual(first);
  }, 180_000);

  test.each([
    [['--architecture', 'arm'], 2, /Allowed choices are amd64, aarch64, all/],
    [['--help'], 0, /npm run build -- --architecture aarch64/],
  ])('%j', async (args, code, text) => {
    const { stdout, stderr, code: ended } = await run(process.execPath, [resolve('scripts/build.ts'), ...args]).then((result) => ({ ...result, code: 0 }), (error: unknown) => error as { stdout: string; stderr: string; code: number });
    expect(ended).toBe(code);
    expect(stdout + stderr).toMatch(text);
  });
});

describe('a folder into which two build at once', () => {
  let folder = '';
  let build: BuildResult;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fescue-'));
    for (const name of ['artifacts/dev.fescue.model.Mine/1.0.0', `artifacts/${agent}/0.0.9`, 'recipes', '.staging-killed', '.staging-of-another']) await mkdir(join(folder, name), { recursive: true });
    for (const name of ['dev.fescue.model.Mine-1.0.0.yaml', `${agent}-0.0.9.yaml`, `${agent}-tools-1.0.0.yaml`]) await writeFile(join(folder, 'recipes', name), '');
    await utimes(join(folder, '.staging-killed'), 0, 0);
    const [one, other] = await Promise.all([buildComponents({ folder }), buildComponents({ folder })]);
    expect(other).toEqual(one);
    build = one;
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const archiveOf = (component: string): Artifact | undefined => build.artifacts[component]?.find(({ file }) => file.endsWith('.tar.gz'));
  const namesOf = (component: string): Promise<string[]> => namesIn(archiveOf(component)?.path ?? '');

  test('has the files of each component as told, of limited size', async () => {
    for (const [name, version] of Object.entries(build.components)) {
      const described = await describeArtifacts(join(folder, 'artifacts', name, version));
      expect(described, name).toEqual(build.artifacts[name]);
    }
    for (const component of [agent, inference]) expect(archiveOf(component)?.bytes, component).toBeLessThan(2e6);
    expect(archiveOf(runtime)?.bytes).toBeLessThan(110e6);
  });

  test('has a runtime without what a device does not need, but with every licence', async () => {
    const names = await namesOf(runtime);
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    expect(names.filter((name) => name.includes(other) || /\.(ts|map|mjs|h)$|cuda|tensorrt|darwin|win32|musl/i.test(name))).toEqual([]);
    const packages = new Set(names.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? []));
    expect(packages.size).toBe(11);
    for (const one of packages) expect(names.some((name) => name.startsWith(`node_modules/${one}/`) && /LICEN[CS]E|README/.test(name)), one).toBe(true);
    expect(names.slice(0, 2)).toEqual(['bin/LICENSE', 'bin/node']);
  });

  test('has source maps apart, which lead from a bundle to the source', async () => {
    for (const component of [agent, inference]) expect((await namesOf(component)).filter((name) => name.endsWith('.map'))).toEqual([]);
    expect(await readdir(join(folder, 'source-maps', agent, build.components[agent] ?? ''))).toEqual(['agent.cjs.map', 'capture.cjs.map', 'worker.cjs.map']);
    const { stdout } = await run('tar', ['-xOzf', archiveOf(inference)?.path ?? '', 'inference.cjs'], { maxBuffer: 10_000_000 });
    const bundle = stdout.split('\n');
    const words = 'shared memory cannot be used with this agent';
    const line = bundle.findIndex((text) => text.includes(words));
    const map = new SourceMap(JSON.parse(await readFile(join(folder, 'source-maps', inference, build.components[inference] ?? '', 'inference.cjs.map'), 'utf8')) as SourceMapPayload);
    const origin = map.findOrigin(line + 1, (bundle[line] ?? '').indexOf(words) + 1);
    expect(origin).toMatchObject({ fileName: 'components/inference/tensor-transport.ts' });
    const source = (await readFile('components/inference/tensor-transport.ts', 'utf8')).split('\n');
    expect(source[('lineNumber' in origin ? origin.lineNumber : 0) - 1]).toContain(words);
  });

  test('keeps what is not of these components, and loses their other versions', async () => {
    const own = Object.entries(build.components).map(([name, version]) => `${name}-${version}.yaml`);
    expect(await readdir(build.recipeDir)).toEqual([...own, 'dev.fescue.model.Mine-1.0.0.yaml', `${agent}-tools-1.0.0.yaml`].toSorted());
    expect(await readdir(build.artifactDir)).toEqual([...Object.keys(build.components), 'dev.fescue.model.Mine'].toSorted());
    expect(await readdir(join(build.artifactDir, agent))).toEqual([build.components[agent]]);
    expect(await readdir(folder)).toEqual(['.staging-of-another', 'artifacts', 'recipes', 'source-maps']);
  });
});

async function namesIn(archive: string): Promise<string[]> {
  const names: string[] = [];
  await list({ file: archive, onReadEntry: (entry) => void names.push(entry.path) });
  return names;
}
