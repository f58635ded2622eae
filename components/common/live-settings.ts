import { FescueError, messageOf } from './errors.ts';
import type { Logger } from './log.ts';
import type { SettingsTable, SettingValue } from './settings.ts';

/** A configuration that can be used, and the keys in it that mean nothing. */
export type LiveConfiguration<Settings extends AnySettings> = { readonly settings: Settings; readonly unknownKeys: readonly string[] };

type AnySettings = { readonly LogLevel: string } & Readonly<Record<string, SettingValue>>;
type AnyConfiguration = LiveConfiguration<AnySettings>;
type Part<Settings> = Readonly<Partial<Settings>>;

export type LiveSettingsOptions<Configuration extends AnyConfiguration> = {
  readonly table: SettingsTable;
  /** The configuration of the start. */
  readonly initial: Configuration;
  /** Reads and checks the whole configuration. */
  readonly read: () => Promise<Configuration>;
  /** Gets the level of LogLevel. */
  readonly log: Logger;
  /** Called when live settings have changed, with the configuration they come from. */
  readonly onFollowed?: (configuration: Configuration) => void;
  /** Called when others have changed, which wait for `takeUp`; without it they wait for the next start, and are told. */
  readonly onPostponed?: (changes: Part<Configuration['settings']>) => void;
};

/** The settings in force: those of the start, of which the live ones follow each later configuration that can be used. */
export class LiveSettings<Configuration extends AnyConfiguration> {
  readonly #options: LiveSettingsOptions<Configuration>;
  #current: Configuration['settings'];
  #lastRead: Configuration;
  #updating: Promise<void> = Promise.resolve();

  constructor(options: LiveSettingsOptions<Configuration>) {
    this.#options = options;
    this.#lastRead = options.initial;
    this.#current = options.initial.settings;
  }

  get current(): Configuration['settings'] {
    return this.#current;
  }

  /** Puts all of the last configuration into force, for whoever begins anew. */
  takeUp(): Configuration['settings'] {
    this.#current = this.#lastRead.settings;
    return this.#current;
  }

  /** Reads the configuration again and follows what can be followed. One with a problem changes nothing. */
  async update(): Promise<void> {
    // One after the other, or an older reading could come last.
    this.#updating = this.#updating.then(async () => this.#readAgain());
    await this.#updating;
  }

  async #readAgain(): Promise<void> {
    const { read, log } = this.#options;
    try {
      this.#follow(await read());
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      const what = error.kind === 'invalid-argument' ? 'a change of the configuration was refused' : 'the configuration could not be read again';
      log.warn({ reason: messageOf(error) }, `${what}; going on with the settings before`);
    }
  }

  #follow(next: Configuration): void {
    const { table, log, onFollowed, onPostponed } = this.#options;
    const { settings, followed, postponed } = settingsAfter<Configuration['settings']>({ table, running: this.#current, before: this.#lastRead.settings, next: next.settings });
    const unknown = next.unknownKeys.filter((key) => !this.#lastRead.unknownKeys.includes(key));
    this.#current = settings;
    this.#lastRead = next;
    log.level = settings.LogLevel;
    for (const key of unknown) log.warn({ key }, 'configuration key is not known and has no effect');
    if (followed.length > 0) {
      log.info({ settings: pick(settings, followed) }, 'configuration changed');
      onFollowed?.(next);
    }
    if (postponed.length === 0) return;
    const changes = pick(next.settings, postponed);
    if (onPostponed === undefined) log.warn({ settings: changes }, 'changed settings take effect with the next start only');
    else onPostponed(changes);
  }
}

type Change<Settings> = {
  readonly table: SettingsTable;
  readonly running: Settings;
  /** The last configuration that could be used. */
  readonly before: Settings;
  readonly next: Settings;
};

/**
 * What a new configuration means for a running component.
 *
 * @returns the settings now in force, the live keys that changed, and those others that changed to what does not run yet
 */
export function settingsAfter<Settings extends AnySettings>({ table, running, before, next }: Change<Settings>): { settings: Settings; followed: readonly string[]; postponed: readonly string[] } {
  const changed = Object.keys(table).filter((key) => next[key] !== before[key]);
  const followed = changed.filter((key) => table[key]?.live === true);
  const postponed = changed.filter((key) => table[key]?.live === false && next[key] !== running[key]);
  return { settings: Object.freeze({ ...running, ...pick(next, followed) }), followed, postponed };
}

function pick<Settings extends AnySettings>(settings: Settings, keys: readonly string[]): Part<Settings> {
  return Object.fromEntries(keys.map((key) => [key, settings[key]])) as Part<Settings>;
}
