import { originalSettings, type OriginalSetting } from './original-settings.ts';
import { expectation, isEmpty, parseValue, type SettingValue, type SettingsTable } from './settings.ts';

/**
 * What became of one key of a configuration. `waiting`: a setting of the agent in a version to come. `overruled`:
 * another spelling of the same setting is there and wins.
 */
export type Outcome = {
  /** The key as the configuration spells it. */
  readonly key: string;
  readonly fate: 'kept' | 'renamed' | 'waiting' | 'dropped' | 'overruled' | 'empty' | 'unknown';
  /** The key of the agent that has the value now. */
  readonly becomes?: string;
  /** Empty for `kept`. */
  readonly why: string;
};

export type ReadConfiguration = {
  /** Settings of the table: those given by its own keys as they came, translated ones parsed. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Checked settings the table has no row for yet, by the key they will have. */
  readonly waiting: Readonly<Record<string, SettingValue>>;
  /** One per key, in their order. */
  readonly outcomes: readonly Outcome[];
  /** One line per value of the original's keys that cannot be used. */
  readonly problems: readonly string[];
};

/** Rows by every key that means them, our own included. */
const rowsByKey = new Map(originalSettings.flatMap((row) => spellingsOf(row).map((key) => [key, row] as const)));

/**
 * Reads a configuration that may mix the keys of a settings table with those of the original agent and its Greengrass
 * component. Where several keys mean the same setting, the table's own wins, then the newest of the original.
 *
 * @param table settings that exist; a key of it is passed on unchecked, for `parseSettings`
 * @param source configuration as an operator gave it
 */
export function readConfigurationKeys(table: SettingsTable, source: Readonly<Record<string, unknown>>): ReadConfiguration {
  const read = { settings: new Map<string, unknown>(), waiting: new Map<string, SettingValue>(), problems: [] as string[] };
  const outcomes = Object.entries(source).map(([key, given]) => {
    const row = rowsByKey.get(key);
    const own = Object.hasOwn(table, key);
    const value = row === undefined || own || isEmpty(given) ? undefined : checkValue({ table, row, key, given, problems: read.problems });
    const outcome = outcomeOf({ table, source, row, key });
    if (outcome.fate === 'kept') read.settings.set(key, given);
    if (value !== undefined && outcome.becomes !== undefined && outcome.fate === 'waiting') read.waiting.set(outcome.becomes, value);
    if (value !== undefined && outcome.becomes !== undefined && outcome.fate === 'renamed') read.settings.set(outcome.becomes, value);
    return outcome;
  });
  const problems = [...read.problems, ...combinationProblems(source)];
  return { settings: Object.fromEntries(read.settings), waiting: Object.fromEntries(read.waiting), outcomes, problems };
}

/** What the key of a setting is today: of the agent, of a version to come, or of none. */
export function fateOf(table: SettingsTable, row: OriginalSetting): { fate: 'kept' | 'waiting' | 'dropped'; becomes?: string; why: string } {
  if ('dropped' in row.became) return { fate: 'dropped', why: row.became.dropped };
  const { key } = row.became;
  return Object.hasOwn(table, key) ? { fate: 'kept', becomes: key, why: '' } : { fate: 'waiting', becomes: key, why: 'accepted and checked, without effect: this version has no such setting' };
}

function outcomeOf(request: { table: SettingsTable; source: Readonly<Record<string, unknown>>; row: OriginalSetting | undefined; key: string }): Outcome {
  const { table, source, row, key } = request;
  if (isEmpty(source[key])) return { key, fate: 'empty', why: 'it is empty: the default holds' };
  if (row === undefined) return Object.hasOwn(table, key) ? { key, fate: 'kept', becomes: key, why: '' } : { key, fate: 'unknown', why: 'no key of this agent, nor of the original' };
  const winner = givenSpelling(row, source);
  if (winner !== undefined && winner !== key) return { key, fate: 'overruled', becomes: winner, why: `${winner} is given too, and wins` };
  if (Object.hasOwn(table, key)) return { key, fate: 'kept', becomes: key, why: '' };
  const today = fateOf(table, row);
  return { ...today, key, ...(today.fate === 'kept' ? { fate: 'renamed', why: `the same setting${describeValues(row)}` } : {}) };
}

function describeValues(row: OriginalSetting): string {
  if (!('key' in row.became) || row.became.values === undefined) return '';
  return `, ${Object.entries(row.became.values).map(([from, to]) => `${from} is ${to}`).join(', ')}`;
}

/** The value for the setting's key of today, or undefined along with a problem. */
function checkValue(request: { table: SettingsTable; row: OriginalSetting; key: string; given: unknown; problems: string[] }): SettingValue | undefined {
  const { row, key, given, problems } = request;
  const value = parseValue(row.takes, given);
  if (value === undefined) {
    problems.push(`${key}: expected ${expectation(row.takes)}, got ${row.secret ? 'something else' : JSON.stringify(given)}`);
    return undefined;
  }
  if ('dropped' in row.became) return value;
  const translated = row.became.values?.[String(value)] ?? value;
  const rule = request.table[row.became.key];
  if (rule === undefined || parseValue(rule, translated) !== undefined) return translated;
  problems.push(`${key}: expected ${expectation(rule)}, as ${row.became.key} takes, got ${JSON.stringify(given)}`);
  return undefined;
}

/** What the original refused although each value by itself is right. */
function combinationProblems(source: Readonly<Record<string, unknown>>): string[] {
  const find = (name: string): { key: string; value: SettingValue | undefined } | undefined => {
    const row = rowsByKey.get(name);
    const key = row === undefined ? undefined : givenSpelling(row, source);
    return row === undefined || key === undefined ? undefined : { key, value: parseValue(row.takes, source[key]) };
  };
  const problems: string[] = [];
  const batch = find('CaptureDataBatchSize');
  const buffer = find('CaptureDataBufferSize');
  if (typeof batch?.value === 'number' && typeof buffer?.value === 'number' && batch.value >= buffer.value) {
    problems.push(`${batch.key}: expected less than ${buffer.key} (${buffer.value}), got ${batch.value}`);
  }
  const destination = find('CaptureDataDestination');
  const upload = find('CaptureDataPeriodicUpload');
  const needsBucket = destination?.value === 'Cloud' ? destination : upload?.value === true ? upload : undefined;
  const elsewhere = ['None', 'Custom'].includes(String(find('sagemaker_edge_provider_provider')?.value));
  if (needsBucket !== undefined && !elsewhere && find('BucketName') === undefined) {
    problems.push(`${needsBucket.key}: ${String(needsBucket.value)} needs a bucket; expected BucketName or sagemaker_edge_provider_s3_bucket_name, got none`);
  }
  return problems;
}

/** The key that decides a setting, of those that have a value. */
function givenSpelling(row: OriginalSetting, source: Readonly<Record<string, unknown>>): string | undefined {
  return spellingsOf(row).find((key) => Object.hasOwn(source, key) && !isEmpty(source[key]));
}

function spellingsOf(row: OriginalSetting): string[] {
  const own = 'key' in row.became ? [row.became.key] : [];
  return [...new Set([...own, ...row.json, ...(row.greengrass === undefined ? [] : [row.greengrass])])];
}
