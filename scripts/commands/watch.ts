import { relative } from 'node:path';
import { Command, Option } from 'commander';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { watchChanges } from '../deploy/changes.ts';
import type { Order } from '../deploy/order.ts';
import { inCheckout } from '../packaging/paths.ts';
import { positiveNumber, wholeNumber } from './arguments.ts';
import { interruption, progress } from './components-run.ts';
import { componentTable, deployOnce, failureText, ofOrder } from './deploy-once.ts';
import { addOrderOptions, checkOrderFlags, makeOrder, type OrderFlags } from './order-options.ts';
import { addTargetOptions, flagsText, openTarget, type Opened, type TargetFlags } from './target-options.ts';

type WatchFlags = OrderFlags & TargetFlags & { timeout: number; quiet: number };

/** What the bundle is made from. */
const sources = ['components', 'proto', 'scripts/packaging', 'package.json'].map((path) => inCheckout(path));

export function watchCommand(): Command {
  const command = new Command('watch').description('Deploy, and deploy again whenever a source file is saved.');
  return addOrderOptions(addTargetOptions(command))
    .addOption(new Option('--timeout <seconds>', 'follow each deployment so long').argParser(positiveNumber).default(600))
    .addOption(new Option('--quiet <milliseconds>', 'how long no file may change before it is deployed').argParser(wholeNumber(10, 60_000)).default(300))
    .addHelpText(
      'after',
      `
One deployment runs at a time; what is saved meanwhile is deployed after it. Errors are shown, and watching goes on until
Ctrl-C. Only components whose content has changed get a new version and are restarted.

Examples:
  fescue watch
  fescue watch --to lite --host pi@camera-4
  fescue watch --recipe-dir recipes --artifact-dir build/artifacts --component com.example.Camera=1.2.0`,
    )
    .action(async (flags: WatchFlags) => {
      checkOrderFlags(flags, command);
      const signal = interruption(() => progress('Stopping …'));
      const opened = await openTarget(flags, signal);
      try {
        await watch(opened, flags, signal);
      } finally {
        await opened.target.close();
      }
    });
}

async function watch(opened: Opened, flags: WatchFlags, signal: AbortSignal): Promise<void> {
  const paths = flags.recipeDir !== undefined && flags.artifactDir !== undefined ? [flags.recipeDir, flags.artifactDir] : sources;
  const changes = await watchChanges({ paths, quietMs: flags.quiet, signal });
  let last = '';
  try {
    while (!signal.aborted) {
      last = await deployChange({ opened, flags, signal, last });
      if (signal.aborted) break;
      progress('Watching. Ctrl-C ends it.');
      const changed = await changes.next();
      if (changed.length > 0) progress(`Changed: ${summary(changed)}`);
    }
  } finally {
    await changes.close();
  }
}

/** @returns what is deployed now, in a form that differs when anything does */
async function deployChange({ opened, flags, signal, last }: { opened: Opened; flags: WatchFlags; signal: AbortSignal; last: string }): Promise<string> {
  try {
    const order = await makeOrder(flags, { runner: opened.runner, say: progress });
    if (isSame(order, flags, last)) {
      progress('Nothing that is deployed has changed.');
      return last;
    }
    const outcome = await deployOnce({ target: opened.target, order, timeoutMs: flags.timeout * 1000, signal, say: progress, flags: flagsText(flags) });
    process.stdout.write(componentTable(ofOrder(outcome, order)));
    const failure = failureText(outcome);
    if (failure !== undefined) progress(failure);
    return JSON.stringify(order);
  } catch (error) {
    if (!(error instanceof FescueError) && !isBuildFailure(error)) throw error;
    if (!signal.aborted) progress(messageOf(error));
    return last;
  }
}

/** Versions of this checkout's components change with their content; those of others may not. */
function isSame(order: Order, flags: WatchFlags, last: string): boolean {
  return flags.recipeDir === undefined && JSON.stringify(order) === last;
}

/** What esbuild throws when a source cannot be bundled: the message has the places. */
function isBuildFailure(error: unknown): boolean {
  return error instanceof Error && 'errors' in error && 'warnings' in error;
}

function summary(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).map((path) => relative(process.cwd(), path)).join(', ');
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}
