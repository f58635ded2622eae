import { resolve } from 'node:path';
import { defaultSocketPath } from '../common/agent-client.ts';
import { FescueError } from '../common/errors.ts';
import type { ConfigurationPart } from '../common/greengrass-ipc.ts';
import type { LiveConfiguration } from '../common/live-settings.ts';
import { parseSettings, settingsFromEnvironment, type SettingValues } from '../common/settings.ts';
import { readSettingsFile } from '../common/settings-file.ts';
import { inferenceSettings } from './settings.ts';

export type InferenceSettings = SettingValues<typeof inferenceSettings>;

export type Configuration = LiveConfiguration<InferenceSettings>;

/** The part of Greengrass IPC that knows configurations. */
export type ConfigurationService = { getConfiguration(component?: string): Promise<Record<string, unknown> | undefined> };

/** Where settings come from; a later source wins: Greengrass, file, environment, flags. */
export type ConfigurationSources = {
  /** Undefined when no nucleus started this process. */
  readonly ipc: ConfigurationService | undefined;
  readonly file?: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Settings by Greengrass key, as the command line gave them. */
  readonly flags: Readonly<Record<string, unknown>>;
  /**
   * Told of deployed values of live settings that cannot be used, which are left at their defaults then. For the start: while
   * the component ran it refused them and went on, and a restart of the device must not end that.
   */
  readonly onRefused?: (problem: string) => void;
};

const agentComponent = 'dev.fescue.EdgeAgent';

/** Where the path of the agent's socket is, which counts while UnixSocketName is empty. */
export const agentsSocketName: ConfigurationPart = { component: agentComponent, keyPath: ['UnixSocketName'] };

/**
 * Reads and checks the whole configuration.
 *
 * @returns the settings, with the agent's socket filled in
 * @throws FescueError `invalid-argument` with every problem at once
 */
export async function readConfiguration(sources: ConfigurationSources): Promise<Configuration> {
  const { accessControl: _, ...deployed } = (await sources.ipc?.getConfiguration()) ?? {};
  const given: Record<string, unknown> = {
    // Nobody to publish through: results are for the person who started this.
    ...(sources.ipc === undefined ? { PublishTo: 'stdout' } : {}),
    ...(sources.onRefused === undefined ? deployed : usableOf(deployed, sources.onRefused)),
    ...(sources.file === undefined ? {} : readSettingsFile(sources.file)),
    ...settingsFromEnvironment(inferenceSettings, sources.environment),
    ...sources.flags,
  };
  const { values, problems, unknown } = parseSettings(inferenceSettings, given);
  const unreachable = sources.ipc === undefined && values.PublishTo !== 'stdout';
  const all = unreachable ? [...problems, `PublishTo: ${values.PublishTo} takes a Greengrass nucleus, and none started this process; use stdout`] : problems;
  if (all.length > 0) throw new FescueError('invalid-argument', `The inference component's configuration cannot be used:\n  ${all.join('\n  ')}`);
  const UnixSocketName = values.UnixSocketName || (await socketOfAgent(sources.ipc));
  return { settings: { ...values, UnixSocketName }, unknownKeys: unknown };
}

function usableOf(deployed: Readonly<Record<string, unknown>>, onRefused: (problem: string) => void): Record<string, unknown> {
  const problems = Object.entries(inferenceSettings).flatMap(([key, setting]) =>
    setting.live ? parseSettings({ [key]: setting }, deployed).problems.map((problem) => ({ key, problem })) : [],
  );
  for (const { problem } of problems) onRefused(problem);
  return Object.fromEntries(Object.entries(deployed).filter(([given]) => !problems.some(({ key }) => key === given)));
}

async function socketOfAgent(ipc: ConfigurationService | undefined): Promise<string> {
  const path = (await ipc?.getConfiguration(agentComponent))?.['UnixSocketName'];
  // A relative one is relative to the agent's work folder, which lies beside ours.
  return typeof path === 'string' && path !== '' ? resolve('..', agentComponent, path) : defaultSocketPath;
}
