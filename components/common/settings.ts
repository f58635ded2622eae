/**
 * Settings tables. One row per key holds everything known of it; the parser here, the recipes' DefaultConfiguration,
 * the command-line help and `docs/settings.md` are all made from the same rows.
 */

type Row<Kind extends string, Value> = {
  readonly kind: Kind;
  readonly default: Value;
  /** One sentence for docs and help: what it does, its unit, and which other key it bends. */
  readonly doc: string;
  /** Whether a running component follows a change without a restart. */
  readonly live: boolean;
};

export type TextSetting = Row<'text', string> & { readonly pattern?: { readonly regex: RegExp; readonly expected: string } };
export type NumberSetting = Row<'number', number> & { readonly integer: boolean; readonly min: number; readonly max: number };
export type FlagSetting = Row<'flag', boolean>;
export type ChoiceSetting = Row<'choice', string> & { readonly choices: readonly string[] };
export type Setting = TextSetting | NumberSetting | FlagSetting | ChoiceSetting;

type Facts = 'default' | 'doc' | 'live';
/** The values a key takes, without what else a row says of it. */
export type ValueRule = Omit<TextSetting, Facts> | Omit<NumberSetting, Facts> | Omit<FlagSetting, Facts> | Omit<ChoiceSetting, Facts>;
export type SettingValue = string | number | boolean;

/** A table: Greengrass configuration key to row. */
export type SettingsTable = Readonly<Record<string, Setting>>;

/** The parsed form of a table: every key present, every value of its kind. */
export type SettingValues<Table extends SettingsTable> = {
  readonly [Key in keyof Table]: Table[Key]['kind'] extends 'number'
    ? number
    : Table[Key]['kind'] extends 'flag'
      ? boolean
      : string;
};

export type ParsedSettings<Table extends SettingsTable> = {
  readonly values: SettingValues<Table>;
  /** One line per value that cannot be used: key, what was expected, what came. */
  readonly problems: readonly string[];
  /** Keys that are in no row: worth a warning, never fatal. */
  readonly unknown: readonly string[];
};

/**
 * Reads configuration into a table's values. Booleans and numbers may come as text, as Greengrass users write them;
 * an absent, null or empty value means the default.
 *
 * @param table the settings known
 * @param source configuration as an operator gave it
 */
export function parseSettings<Table extends SettingsTable>(table: Table, source: Readonly<Record<string, unknown>>): ParsedSettings<Table> {
  const problems: string[] = [];
  const values = Object.entries(table).map(([key, setting]) => {
    const given = source[key];
    if (isEmpty(given)) return [key, setting.default];
    const value = parseValue(setting, given);
    if (value === undefined) problems.push(`${key}: expected ${expectation(setting)}, got ${JSON.stringify(given)}`);
    return [key, value ?? setting.default];
  });
  const unknown = Object.keys(source).filter((key) => !Object.hasOwn(table, key));
  return { values: Object.freeze(Object.fromEntries(values)) as SettingValues<Table>, problems, unknown };
}

/** Whether a value stands for the default. */
export function isEmpty(given: unknown): boolean {
  return given === undefined || given === null || given === '';
}

/** The value as its kind, or undefined when it is none. */
export function parseValue(setting: ValueRule, given: unknown): SettingValue | undefined {
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean') return undefined;
  const text = typeof given === 'string' ? given.trim() : String(given);
  switch (setting.kind) {
    case 'text':
      return setting.pattern !== undefined && !setting.pattern.regex.test(text) ? undefined : text;
    case 'number':
      return parseNumber(setting, text);
    case 'flag':
      return { true: true, false: false }[text.toLowerCase()];
    case 'choice':
      return setting.choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  }
}

function parseNumber(setting: Omit<NumberSetting, Facts>, text: string): number | undefined {
  const value = text === '' ? Number.NaN : Number(text);
  const inRange = value >= setting.min && value <= setting.max;
  return inRange && (!setting.integer || Number.isInteger(value)) ? value : undefined;
}

/** What a row takes, in words. */
export function expectation(setting: ValueRule): string {
  switch (setting.kind) {
    case 'text':
      return setting.pattern?.expected ?? 'text';
    case 'number':
      return `${setting.integer ? 'a whole number' : 'a number'} from ${setting.min} to ${setting.max}`;
    case 'flag':
      return 'true or false';
    case 'choice':
      return `one of ${setting.choices.join(', ')}`;
  }
}

/** The command-line flag of a key: `UnixSocketName` is `--unix-socket-name`. */
export function flagOf(key: string): string {
  return `--${words(key).join('-').toLowerCase()}`;
}

/** The environment variable of a key: `UnixSocketName` is `FESCUE_UNIX_SOCKET_NAME`. */
export function environmentVariableOf(key: string): string {
  return `FESCUE_${words(key).join('_').toUpperCase()}`;
}

/** The settings of a table that the environment carries. */
export function settingsFromEnvironment(table: SettingsTable, environment: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of Object.keys(table)) {
    const value = environment[environmentVariableOf(key)];
    if (value !== undefined) found[key] = value;
  }
  return found;
}

function words(key: string): string[] {
  return key.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z][a-z0-9]*|[0-9]+/g) ?? [key];
}
