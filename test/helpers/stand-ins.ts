import { appendFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { vi, onTestFinished } from 'vitest';
import { hasCode } from '../../components/common/errors.ts';
import type { ComponentStatus, DeploymentState } from '../../scripts/deploy/target.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** How the device behaves: what each look at the deployment finds, the last one for good. */
export type Scenario = { readonly states: readonly DeploymentState[]; readonly reason?: string; readonly components: readonly ComponentStatus[] };

/** What a device was asked to deploy. */
export type Received = {
  readonly add: Record<string, string>;
  readonly remove: string[];
  readonly configuration: object;
  readonly group?: string;
  readonly folders: (string | undefined)[];
};

export type StandIns = {
  readonly folder: string;
  /** Undefined before a deployment. */
  readonly received: () => Promise<Received | undefined>;
  /** Every program that was started, with its arguments. */
  readonly calls: () => Promise<string[][]>;
  readonly setScenario: (scenario: Scenario) => Promise<void>;
};

/** Puts the programs of a Greengrass device first on the path of this test. */
export async function useStandIns(scenario: Scenario): Promise<StandIns> {
  const folder = await temporaryFolder();
  const setScenario = async (next: Scenario): Promise<void> => writeFile(join(folder, 'scenario.json'), JSON.stringify(next));
  await setScenario(scenario);
  vi.stubEnv('STAND_IN_FOLDER', folder);
  vi.stubEnv('PATH', `${resolve('test/stand-ins')}:${process.env['PATH'] ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return {
    folder,
    setScenario,
    received: async () => JSON.parse((await readIfThere(join(folder, 'received.json'))) ?? 'null') as Received ?? undefined,
    calls: async () => ((await readIfThere(join(folder, 'calls'))) ?? '').split('\n').filter(Boolean).map((line) => JSON.parse(line) as string[]),
  };
}

/** A Greengrass root with greengrass-cli and a folder for logs. */
export async function greengrassRootIn(folder: string): Promise<string> {
  const root = join(folder, 'greengrass');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'logs'));
  await symlink(resolve('test/stand-ins/greengrass-cli'), join(root, 'bin/greengrass-cli'));
  return root;
}

export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  await appendFile(path, lines.map((line) => `${line}\n`).join(''));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    return undefined;
  });
}
