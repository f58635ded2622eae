import { type Command, Option } from 'commander';
import { localRunner } from '../deploy/local-runner.ts';
import { sshRunner } from '../deploy/ssh-runner.ts';
import type { Runner } from '../deploy/runner.ts';
import type { Target, TargetOptions } from '../deploy/target.ts';
import { type TargetName, targetNames, targets } from '../deploy/targets.ts';

/** Which Greengrass a command is about. */
export type TargetFlags = { readonly to: TargetName; readonly host?: string; readonly root?: string };

/** Adds `--to`, `--host` and `--root`. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(new Option('--to <target>', 'local: the local nucleus; greengrass: greengrass-cli; lite: nucleus lite').choices(targetNames).default('local'))
    .option('--host <user@host>', 'machine of the Greengrass, over ssh. Default: this one')
    .addOption(rootOption());
}

export function rootOption(): Option {
  return new Option('--root <folder>', 'Greengrass root. Default: build/nucleus of this checkout for local; GG_ROOT of the environment or /greengrass/v2 for greengrass');
}

/** The root of the flags; undefined for the target's usual one. */
export function rootOf({ to, root }: { to: TargetName; root?: string }): string | undefined {
  return root ?? (to === 'greengrass' ? process.env['GG_ROOT'] : undefined);
}

export type Opened = { readonly runner: Runner; readonly target: Target };

/** Opens the target of the flags; the caller closes it, and the runner with it. */
export async function openTarget(flags: TargetFlags, signal: AbortSignal): Promise<Opened> {
  const runner = flags.host === undefined ? localRunner() : await sshRunner(flags.host, signal);
  try {
    return { runner, target: await targets[flags.to](targetOptions(flags, runner)) };
  } catch (error) {
    await runner.close();
    throw error;
  }
}

/** How a person looks at the same target. */
export function flagsText({ to, host, root }: TargetFlags): string {
  return [...(to === 'local' ? [] : [`--to ${to}`]), ...(host === undefined ? [] : [`--host ${host}`]), ...(root === undefined ? [] : [`--root ${root}`])].map((flag) => ` ${flag}`).join('');
}

function targetOptions(flags: TargetFlags, runner: Runner): TargetOptions {
  return { runner, root: rootOf(flags), interactive: runner.host === undefined && process.stdin.isTTY };
}
