import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { programProblem, sharedLibraryProblem } from '../../../../components/agent/elf-file.ts';
import { FescueError, hasCode } from '../../../../components/common/errors.ts';
import type { Finished } from '../../../deploy/run-process.ts';
import { componentNames } from '../../../packaging/recipes.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import type { DeviceContext, DeviceView, System } from '../device-view.ts';
import { notPermitted, statusOf } from '../files.ts';
import { glibcNeededBy, isAtLeast, libC } from '../glibc.ts';
import { workFolderOf } from '../open-device.ts';
import { targetFlags } from '../target-flags.ts';

/** Of the Node that the components are made for. */
const nodeMajor = 24;
const startTimeoutMs = 10_000;

export const runtimeCheck: Check<DeviceContext> = {
  name: 'runtime',
  title: 'Node and the native libraries are here, and run on this machine',
  meaning: 'Neither the agent nor the inference component starts.',
  run: async ({ device }) => {
    const { nucleus } = device;
    if (nucleus === undefined) return notApplicable('no Greengrass');
    const folder = workFolderOf(nucleus, componentNames.runtime);
    if (!(await isExpected(device, folder))) return notApplicable(`${componentNames.runtime} is not deployed here`);
    return runtimeVerdict(folder, deployAgain(device, folder), device.system);
  },
};

async function isExpected({ nucleus }: DeviceView, folder: string): Promise<boolean> {
  const components = nucleus?.configuration?.components;
  return components === undefined ? (await statusOf(folder)) !== undefined : components.some(({ name }) => name === componentNames.runtime);
}

async function runtimeVerdict(folder: string, remedy: string, system: System): Promise<Verdict> {
  const program = join(folder, 'bin/node');
  if ((await statusOf(program)) === undefined) return fail(`${program} is missing: the install step did not run to its end`, remedy);
  const libraries = await librariesBelow(folder);
  const problem = await firstProblem(program, libraries);
  if (problem !== undefined) return fail(problem, remedy);
  const unfit = await libCProblem([program, ...libraries], system);
  if (unfit !== undefined) return unfit;
  const started = await start(program, system);
  const [, version, major] = /^v((\d+)\.\S+)/.exec(started.stdout) ?? [];
  if (version === undefined) return fail(`${program} does not start: ${started.stderr.trim().split('\n')[0] || `exit code ${started.code}`}`, remedy);
  if (Number(major) !== nodeMajor) return warning(`Node ${version}; the components are made for ${nodeMajor}`, remedy);
  return ok(`Node ${version} and ${libraries.length} native libraries for ${process.arch}`);
}

/** That it cannot be started is told as what it printed would be. */
async function start(program: string, { run }: System): Promise<Finished> {
  try {
    return await run([program, '--version'], { timeoutMs: startTimeoutMs });
  } catch (error) {
    if (error instanceof FescueError) return { code: 1, stdout: '', stderr: error.message };
    throw error;
  }
}

async function firstProblem(program: string, libraries: readonly string[]): Promise<string | undefined> {
  const wrong = await permitted(program, () => programProblem(program));
  if (wrong !== undefined) return `${program} ${wrong}`;
  for (const library of libraries) {
    const problem = await permitted(library, () => sharedLibraryProblem(library));
    if (problem !== undefined) return `${library} ${problem}`;
  }
  return undefined;
}

/** Links are left out: each leads to another of the files. */
async function librariesBelow(folder: string): Promise<string[]> {
  const entries = await permitted(folder, () => readdir(join(folder, 'node_modules'), { recursive: true, withFileTypes: true }));
  return (entries ?? []).filter((entry) => entry.isFile() && /\.node$|\.so(\.\d+)*$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name)).toSorted();
}

async function libCProblem(files: readonly string[], system: System): Promise<Verdict | undefined> {
  const remedy = 'Use a system with glibc 2.28 or newer: Debian 10, Ubuntu 20.04, Yocto 2.6.';
  const own = await libC(system);
  if (own.kind === 'musl') return fail('the C library of this system is musl, and the runtime is built for glibc', remedy);
  if (own.kind === 'unknown') return warning('could not check: which C library this system has', 'Install getconf (libc-bin), and run fescue doctor again.');
  for (const file of files) {
    const needed = await glibcNeededBy(file);
    if (needed !== undefined && !isAtLeast(own.version, needed)) return fail(`${file} needs glibc ${needed}, and this system has ${own.version}`, remedy);
  }
  return undefined;
}

async function permitted<Value>(path: string, look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'EACCES', 'EPERM')) throw notPermitted(path, error);
    throw error;
  }
}

function deployAgain(device: DeviceView, folder: string): string {
  return `Remove ${join(folder, '.installed')} and deploy again: fescue deploy${targetFlags(device)}`;
}
