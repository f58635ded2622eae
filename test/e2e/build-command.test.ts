import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { list } from 'tar';
import { describe, expect, test } from 'vitest';
import { buildComponents, hostArchitecture } from '../../scripts/packaging/build-components.ts';
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
  for (const name of ['components', 'scripts', 'proto', 'package.json', 'package-lock.json', 'tsconfig.json', '.npmrc']) await cp(resolve(name), join(copy, name), { recursive: true });
  await run('chmod', ['-R', 'go-rwx', copy]);
  await symlink(resolve('node_modules'), join(copy, 'node_modules'));
  return copy;
}

describe('npm run build', () => {
  test('gives the same bytes from another checkout, with other modes and times, into another folder', async () => {
    const [here, there, copy] = [await temporaryFolder(), await temporaryFolder(), await copyOfCheckout()];
    const first = await digestsOf(resolve('.'), join(here, 'build'), { umask: '022', cwd: resolve('.') });
    expect(Object.keys(first)).toEqual([
      `${runtime} install.sh`, `${runtime} ${runtimeArchive(hostArchitecture())}`, `${agent} agent.tar.gz`, `${agent} install.sh`,
      `${model} install.sh`, `${model} model.tar.gz`, `${inference} inference.tar.gz`, `${inference} install.sh`,
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

describe('a built folder', () => {
  test('has archives of limited size, pruned, with every licence, and the source maps apart', async () => {
    const folder = await temporaryFolder();
    const { artifacts } = await buildComponents({ folder });
    const size = (component: string): number => Math.max(...(artifacts[component] ?? []).map(({ bytes }) => bytes));
    for (const component of [agent, inference]) expect(size(component), component).toBeLessThan(2e6);
    expect(size(runtime)).toBeLessThan(110e6);
    const names = (component: string): Promise<string[]> => namesIn(artifacts[component]?.find(({ file }) => file.endsWith('.tar.gz'))?.path ?? '');
    const inRuntime = await names(runtime);
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    expect(inRuntime.filter((name) => name.includes(other) || /\.(ts|map|mjs|h)$|cuda|tensorrt|darwin|win32|musl/i.test(name))).toEqual([]);
    const packages = new Set(inRuntime.flatMap((name) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? []));
    expect(packages.size).toBe(11);
    for (const one of packages) expect(inRuntime.some((name) => name.startsWith(`node_modules/${one}/`) && /LICEN[CS]E|README/.test(name)), one).toBe(true);
    expect(inRuntime.slice(0, 2)).toEqual(['bin/LICENSE', 'bin/node']);
    for (const component of [agent, inference]) expect((await names(component)).filter((name) => name.endsWith('.map'))).toEqual([]);
    expect(await readdir(join(folder, 'source-maps', agent, '0.1.0'))).toEqual(['agent.cjs.map', 'capture.cjs.map', 'worker.cjs.map']);
  });

  test('has maps that lead from a bundle to the source', async () => {
    const folder = await temporaryFolder();
    const { artifacts, components } = await buildComponents({ folder });
    await run('tar', ['-xzf', artifacts[inference]?.find(({ file }) => file.endsWith('.tar.gz'))?.path ?? '', '-C', folder, 'inference.cjs']);
    const bundle = (await readFile(join(folder, 'inference.cjs'), 'utf8')).split('\n');
    const line = bundle.findIndex((text) => text.includes('shared memory cannot be used with this agent'));
    const map = new SourceMap(JSON.parse(await readFile(join(folder, 'source-maps', inference, components[inference] ?? '', 'inference.cjs.map'), 'utf8')) as SourceMapPayload);
    const origin = map.findOrigin(line + 1, (bundle[line] ?? '').indexOf('shared memory cannot be used') + 1);
    expect(origin).toMatchObject({ fileName: 'components/inference/tensor-transport.ts' });
  });

  test('keeps what is not of these components, and loses their other versions', async () => {
    const folder = await temporaryFolder();
    for (const name of ['artifacts/dev.fescue.model.Mine/1.0.0', `artifacts/${agent}/0.0.9`, 'recipes']) await mkdir(join(folder, name), { recursive: true });
    for (const name of ['dev.fescue.model.Mine-1.0.0.yaml', `${agent}-0.0.9.yaml`, `${agent}-tools-1.0.0.yaml`]) await writeFile(join(folder, 'recipes', name), '');
    const { components } = await buildComponents({ folder });
    const own = Object.entries(components).map(([name, version]) => `${name}-${version}.yaml`);
    expect(await readdir(join(folder, 'recipes'))).toEqual([...own, 'dev.fescue.model.Mine-1.0.0.yaml', `${agent}-tools-1.0.0.yaml`].toSorted());
    expect(await readdir(join(folder, 'artifacts', agent))).toEqual([components[agent]]);
    expect(await readdir(folder)).toEqual(['artifacts', 'recipes', 'source-maps']);
  });

  test('of two builds at once is that of one of them', async () => {
    const folder = await temporaryFolder();
    const [one, other] = await Promise.all([buildComponents({ folder }), buildComponents({ folder })]);
    expect(other).toEqual(one);
    expect(await readdir(join(folder, 'artifacts', agent, one.components[agent] ?? ''))).toEqual(['agent.tar.gz', 'install.sh']);
  });
});

async function namesIn(archive: string): Promise<string[]> {
  const names: string[] = [];
  await list({ file: archive, onReadEntry: (entry) => void names.push(entry.path) });
  return names;
}
