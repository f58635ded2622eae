import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { Setting } from '../common/settings.ts';
import type { Configuration, InferenceSettings } from './configuration.ts';
import { inferenceSettings } from './settings.ts';

export type LiveSettingsOptions = {
  /** The configuration of the start. */
  readonly initial: Configuration;
  /** Reads and checks the whole configuration. */
  readonly read: () => Promise<Configuration>;
  /** Gets the level of LogLevel. */
  readonly log: Logger;
};

/** The settings in force: those of the start, of which the live ones follow each later configuration that can be used. */
export class LiveSettings {
  readonly #options: LiveSettingsOptions;
  #current: InferenceSettings;
  #lastRead: Configuration;

  constructor(options: LiveSettingsOptions) {
    this.#options = options;
    this.#lastRead = options.initial;
    this.#current = options.initial.settings;
  }

  get current(): InferenceSettings {
    return this.#current;
  }

  /** Reads the configuration again and follows what can be followed. One with a problem changes nothing. */
  async update(): Promise<void> {
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
    const { log } = this.#options;
    const { settings, followed, postponed } = settingsAfter({ running: this.#current, before: this.#lastRead.settings, next: next.settings });
    const unknown = next.unknownKeys.filter((key) => !this.#lastRead.unknownKeys.includes(key));
    this.#current = settings;
    this.#lastRead = next;
    log.level = settings.LogLevel;
    for (const key of unknown) log.warn({ key }, 'configuration key is not known and has no effect');
    if (followed.length > 0) log.info({ settings: pick(settings, followed) }, 'configuration changed');
    if (postponed.length > 0) log.warn({ settings: pick(next.settings, postponed) }, 'changed settings take effect with the next start only');
  }
}

type Key = keyof InferenceSettings;

const table: Readonly<Record<Key, Setting>> = inferenceSettings;
const keys = Object.keys(table) as Key[];

/**
 * What a new configuration means for a running component.
 *
 * @param options.before the last configuration that could be used
 * @returns the settings now in force, the live keys that changed, and those others that changed to what does not run yet
 */
export function settingsAfter(options: { running: InferenceSettings; before: InferenceSettings; next: InferenceSettings }): { settings: InferenceSettings; followed: readonly Key[]; postponed: readonly Key[] } {
  const { running, before, next } = options;
  const changed = keys.filter((key) => next[key] !== before[key]);
  const followed = changed.filter((key) => table[key].live);
  const postponed = changed.filter((key) => !table[key].live && next[key] !== running[key]);
  return { settings: Object.freeze({ ...running, ...pick(next, followed) }), followed, postponed };
}

function pick(settings: InferenceSettings, chosen: readonly Key[]): Partial<InferenceSettings> {
  return Object.fromEntries(chosen.map((key) => [key, settings[key]]));
}
