import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registryPackages, type PackageRequest } from '../../../scripts/packaging/registry-packages.ts';
import { useNpmRegistry } from '../../helpers/npm-registry.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const name = '@example/native-linux-pdp11';

async function useRequest(): Promise<PackageRequest & { readonly folder: string; readonly downloads: () => number }> {
  const { locked, environment, downloads } = await useNpmRegistry(name);
  return { names: [name], cpu: 'pdp11', lock: { packages: { [`node_modules/${name}`]: locked } }, progress: () => undefined, environment, folder: await temporaryFolder(), downloads };
}

test('packages for another processor are fetched once, without running their scripts', async () => {
  const request = await useRequest();
  const modules = await registryPackages(request);
  expect(JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8'))).toMatchObject({ name, version: '1.2.3' });
  expect(await registryPackages({ ...request, environment: {} })).toBe(modules);
  expect(await readdir(request.folder)).toEqual([expect.stringMatching(/^packages-pdp11-[0-9a-f]{32}$/)]);
});

test('two that fetch at once get the same, and leave nothing else', async () => {
  const request = await useRequest();
  const [one, other] = await Promise.all([registryPackages(request), registryPackages(request)]);
  expect(one).toBe(other);
  expect(await readdir(request.folder)).toHaveLength(1);
  expect(request.downloads()).toBeGreaterThan(0);
});

test('what nobody used for a week makes room for what is fetched', async () => {
  const request = await useRequest();
  const kept = (of: string): Promise<string[]> => readdir(of);
  await registryPackages(request);
  const [first = ''] = await kept(request.folder);
  const other = { ...request, cpu: 'vax' };
  await registryPackages(other);
  expect(await kept(request.folder)).toHaveLength(2);
  await utimes(join(request.folder, first), 0, 0);
  await registryPackages({ ...request, cpu: 'z80' });
  expect(await kept(request.folder)).toHaveLength(2);
  expect(await kept(request.folder)).not.toContain(first);
});

test.each<[string, (request: PackageRequest) => Partial<PackageRequest>, RegExp]>([
  ['a registry that is not there', ({ environment }) => ({ environment: { ...environment, npm_config_registry: 'http://127.0.0.1:1/' } }), /Packages for linux\/pdp11 cannot be fetched: ECONNREFUSED: FetchError: request to http:\/\/127\.0\.0\.1:1\/\S+ failed, .*Check npm's registry, proxy and network settings, or build for this machine's architecture alone/],
  ['another content than the lock file pins', () => ({ lock: { packages: { [`node_modules/${name}`]: { version: '1.2.3', integrity: `sha512-${'A'.repeat(86)}==` } } } }), /cannot be fetched: EINTEGRITY: .*integrity checksum failed.*[^.]\. Expected what package-lock\.json pins/i],
  ['a version that is not there', ({ lock }) => ({ lock: { packages: { [`node_modules/${name}`]: { version: '9.9.9', integrity: lock.packages[`node_modules/${name}`]?.integrity ?? '' } } } }), /cannot be fetched: ETARGET/],
  ['a lock file without it', () => ({ lock: { packages: {} } }), /package-lock\.json pins no @example\/native-linux-pdp11 with its integrity/],
  ['no npm', () => ({ environment: { PATH: '/nowhere' } }), /cannot be fetched: npm ci: spawn npm ENOENT/],
])('%s is told in npm\'s words, and leaves nothing', async (_, change, text) => {
  const request = await useRequest();
  await expect(registryPackages({ ...request, ...change(request) })).rejects.toThrow(text);
  expect(await readdir(request.folder)).toEqual([]);
});
