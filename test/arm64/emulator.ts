/** QEMU's user emulation of an arm64 processor, in a folder of its own: nothing is installed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../components/common/errors.ts';

const crossPackages = ['libc6-arm64-cross', 'libgcc-s1-arm64-cross', 'libstdc++6-arm64-cross'];
/** Debian 13 has the static emulators in the second one. */
const emulatorPackages = ['qemu-user-static', 'qemu-user'];
const emulatorNames = ['qemu-aarch64-static', 'qemu-aarch64'];
const patienceMs = 10 * 60_000;

/**
 * @param folder where to put everything; the caller removes it
 * @returns a program that runs the arm64 program, with its arguments, that follows
 * @throws Error with what is missing on this machine
 */
export function prepareEmulator(folder: string): string {
  const debian = join(folder, 'debian');
  const found = findEmulator();
  unpackPackages(folder, debian, found === undefined ? [emulatorPackages, ...crossPackages.map((name) => [name])] : crossPackages.map((name) => [name]));
  const qemu = found ?? emulatorNames.map((name) => join(debian, 'usr/bin', name)).find((path) => existsSync(path));
  if (qemu === undefined) throw new Error(`no ${emulatorNames.join(' or ')} in ${emulatorPackages.join(' or ')}`);
  const system = join(debian, 'usr/aarch64-linux-gnu');
  describeProcessors(system);
  const emulator = join(folder, 'emulator');
  writeProgram(emulator, `exec '${qemu}' -cpu cortex-a72 -L '${system}' "$@"`);
  return emulator;
}

/** A shell script that can be started. */
export function writeProgram(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
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

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: patienceMs });
  if (status !== 0) throw new Error(`${program} ${args.at(-1)}: ${error === undefined ? stderr.trim().split('\n').at(-1) : messageOf(error)}`);
}
