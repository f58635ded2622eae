import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { cached, cacheFolder } from './cache.ts';
import { inCheckout } from './paths.ts';

const run = promisify(execFile);

/** What a lock file says of one package. */
type LockedPackage = { readonly version: string; readonly integrity?: string };
export type LockFile = { readonly packages: Readonly<Record<string, LockedPackage>> };

export type PackageRequest = {
  readonly names: readonly string[];
  /** The processor they are for, by Node's word. */
  readonly cpu: string;
  readonly lock: LockFile;
  readonly progress: (text: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly folder?: string;
};

/** The lock file of the checkout. */
export function readLockFile(): LockFile {
  return JSON.parse(readFileSync(inCheckout('package-lock.json'), 'utf8')) as LockFile;
}

/**
 * Packages of the lock file that npm leaves out on this machine because they are for another processor. It is npm that
 * fetches them, so its registry, proxy and cache are used, and it verifies what the lock file says of each.
 *
 * @returns the `node_modules` folder they are in
 * @throws FescueError `unavailable` with npm's words when they cannot be fetched
 */
export async function registryPackages(request: PackageRequest): Promise<string> {
  const project = projectOf(request);
  const key = createHash('sha256').update(project.lock).digest('hex').slice(0, 32);
  const folder = await cached(`packages-${request.cpu}-${key}`, (target) => install(target, project, request), request.folder ?? cacheFolder);
  return join(folder, 'node_modules');
}

type Project = { readonly manifest: string; readonly lock: string };

/** A project that depends on these packages alone. */
function projectOf({ names, cpu, lock }: PackageRequest): Project {
  const locked = names.map((name) => [name, lockedPackage(lock, name)] as const);
  const project = { name: `packages-${cpu}`, version: '0.0.0', dependencies: Object.fromEntries(locked.map(([name, { version }]) => [name, version])) };
  const packages = Object.fromEntries(locked.map(([name, entry]) => [`node_modules/${name}`, entry]));
  return { manifest: JSON.stringify(project), lock: JSON.stringify({ ...project, lockfileVersion: 3, requires: true, packages: { '': project, ...packages } }) };
}

function lockedPackage({ packages }: LockFile, name: string): LockedPackage {
  const found = packages[`node_modules/${name}`];
  if (found?.integrity === undefined) throw new FescueError('failed-precondition', `package-lock.json pins no ${name} with its integrity. Run npm install, and commit the lock file.`);
  // Without `os`, `cpu` and `libc`: npm ci compares those with this machine, whatever its flags of these names say.
  return { version: found.version, integrity: found.integrity };
}

async function install(folder: string, { manifest, lock }: Project, { names, cpu, progress, environment }: PackageRequest): Promise<void> {
  progress(`Fetching ${names.join(', ')} from the npm registry (once per version)`);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), manifest);
  await writeFile(join(folder, 'package-lock.json'), lock);
  if (existsSync(inCheckout('.npmrc'))) await copyFile(inCheckout('.npmrc'), join(folder, '.npmrc'));
  // The integrity is pinned: what npm's cache has is as good as what the registry would send.
  const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-bin-links', '--prefer-offline', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  try {
    await run('npm', args, { cwd: folder, env: environment ?? process.env });
  } catch (error) {
    throw new FescueError('unavailable', `Packages for linux/${cpu} cannot be fetched: ${wordsOfNpm(error)}. Expected what package-lock.json pins, from the npm registry. Check npm's registry, proxy and network settings, or build for this machine's architecture alone (--architecture).`, { cause: error });
  }
}

/** What npm says first, without numbers of the system and the path of a log. */
function wordsOfNpm(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (?:code )?(.+)$/.exec(line)?.[1] ?? []);
  const words = lines.filter((line) => !/^(?:syscall|errno) |complete log of this run/.test(line)).slice(0, 2).join(': ').replace(/\.+$/, '');
  return words === '' ? `npm ci: ${messageOf(error).split('\n')[0]}` : words;
}
