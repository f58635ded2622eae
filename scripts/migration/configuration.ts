import { agentSettings } from '../../components/agent/settings.ts';
import { FescueError } from '../../components/common/errors.ts';
import { readConfigurationKeys, type Outcome } from '../../components/common/original-configuration.ts';
import { parseSettings, type SettingValue } from '../../components/common/settings.ts';

/** A line of the report: a key of the old file, and what became of it. */
export type ReportLine = { readonly key: string; readonly outcome: 'kept' | 'renamed' | 'dropped'; readonly becomes: string; readonly why: string };

/**
 * Translates a configuration into settings of the agent.
 *
 * @param path where it came from, for messages
 * @throws FescueError `invalid-argument` with every problem at once, or when no key is known
 */
export function migrateConfiguration(source: Readonly<Record<string, unknown>>, path: string): { settings: Record<string, SettingValue>; report: ReportLine[] } {
  const read = readConfigurationKeys(agentSettings, source);
  const { values, problems: ownProblems } = parseSettings(agentSettings, read.settings);
  const problems = [...read.problems, ...ownProblems];
  if (problems.length > 0) throw new FescueError('invalid-argument', `${path} cannot be migrated before these values are corrected:\n  ${problems.join('\n  ')}`);
  if (read.outcomes.length > 0 && read.outcomes.every(({ fate }) => fate === 'unknown')) {
    throw new FescueError('invalid-argument', `${path} has no key of the original agent. Expected its JSON configuration, its component's configuration, a recipe or a deployment.`);
  }
  const kept = Object.entries(values).filter(([key]) => Object.hasOwn(read.settings, key));
  return { settings: { ...Object.fromEntries<SettingValue>(kept), ...read.waiting }, report: read.outcomes.map(reportLine) };
}

function reportLine({ key, fate, becomes, why }: Outcome): ReportLine {
  if (becomes === undefined || fate === 'overruled') return { key, outcome: 'dropped', becomes: '', why };
  return { key, outcome: becomes === key ? 'kept' : 'renamed', becomes, why };
}
