import { CommanderError, Option, type Command } from 'commander';
import { FescueError, messageOf } from './errors.ts';
import { expectation, flagOf, type SettingsTable } from './settings.ts';

/** Exit codes of every command. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/**
 * Parses the arguments, runs the command and sets the exit code: 0 done, 1 refused or failed, 2 bad usage. A failure
 * is told in one message, without a stack trace.
 */
export async function runCommand(command: Command, argv: readonly string[]): Promise<void> {
  useOverride(command);
  try {
    await command.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    // A programming mistake keeps its stack; everything expected is a FescueError.
    const text = error instanceof FescueError ? error.message : error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    process.stderr.write(`${command.name()}: ${text}\n`);
    process.exitCode = exitCodes.failed;
  }
}

/** commander passes these settings on only to subcommands made by `command()`, not to those added. */
function useOverride(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows the usage and examples)');
  for (const subcommand of command.commands) useOverride(subcommand);
}

/** Adds one flag per setting: `UnixSocketName` is `--unix-socket-name <text>`. */
export function addSettingFlags(command: Command, table: SettingsTable): Command {
  for (const [key, setting] of Object.entries(table)) {
    const shownDefault = setting.default === '' ? '' : ` Default: ${String(setting.default)}.`;
    const limits = setting.kind === 'text' ? '' : ` Takes ${expectation(setting)}.`;
    command.addOption(new Option(`${flagOf(key)} <${setting.kind}>`, `${setting.doc}${limits}${shownDefault}`));
  }
  return command;
}

/** The settings given by flags, by their Greengrass key. */
export function settingsFromFlags(table: SettingsTable, options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of Object.keys(table)) {
    const value = options[new Option(flagOf(key)).attributeName()];
    if (value !== undefined) found[key] = value;
  }
  return found;
}
