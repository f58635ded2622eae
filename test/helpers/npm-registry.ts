import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { create } from 'tar';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

export type NpmRegistry = {
  /** The package it has: what a lock file pins of it. */
  readonly locked: { readonly version: string; readonly integrity: string };
  /** The environment of an npm that asks it and has nothing in its cache. */
  readonly environment: NodeJS.ProcessEnv;
  /** How often the package was fetched. */
  readonly downloads: () => number;
};

/** An npm registry with one package, which is for another processor than this one. */
export async function useNpmRegistry(name: string): Promise<NpmRegistry> {
  const folder = await temporaryFolder();
  const manifest = { name, version: '1.2.3', os: 'linux', cpu: 'pdp11', scripts: { install: 'exit 1' } };
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'package/package.json'), JSON.stringify(manifest));
  await create({ cwd: folder, gzip: true, file: join(folder, 'package.tgz') }, ['package']);
  const archive = await readFile(join(folder, 'package.tgz'));
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  let downloads = 0;
  const server = createServer((request, response) => {
    const isArchive = request.url?.endsWith('.tgz') === true;
    if (isArchive) downloads += 1;
    const tarball = `http://${request.headers.host}/${name}/-/package.tgz`;
    response.end(isArchive ? archive : JSON.stringify({ name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: { ...manifest, dist: { tarball, integrity } } } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { locked: { version: manifest.version, integrity }, environment: { ...process.env, npm_config_registry: registry, npm_config_cache: join(folder, 'cache'), npm_config_fetch_retries: '0' }, downloads: () => downloads };
}
