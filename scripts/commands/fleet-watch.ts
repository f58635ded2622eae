import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { DeviceChange } from '../fleet/changes.ts';
import { countText } from '../fleet/figures-text.ts';
import type { DeviceCounts } from '../fleet/fleet-report.ts';
import { FleetWatch, readsPerDay, usualEvery, type Round } from '../fleet/watch.ts';
import { positiveNumber } from './arguments.ts';
import { aborted, interruption, progress as tell } from './components-run.ts';
import { addFleetOptions, fleetNotes, openFleet, type FleetFlags } from './fleet-options.ts';
import { FleetProgress } from './fleet-progress.ts';
import { addActiveWithin } from './fleet-report.ts';
import { fleetText } from './fleet-text.ts';
import { printable } from './printable.ts';

type WatchFlags = FleetFlags & { activeWithin: number; every?: number };

const mostFollowed = 200_000;
/** Below the report on a terminal. */
const shownChanges = 8;

export function fleetWatchCommand(): Command {
  return addActiveWithin(addFleetOptions(new Command('watch').description('The report again and again, until Ctrl-C; where output is no terminal, a line for each device that changes.')))
    .addOption(new Option('--every <seconds>', `time between rounds. Default: ${usualEvery.index}, with --local ${usualEvery.local}, and ${usualEvery.reads} where fleet indexing cannot be used`).argParser(positiveNumber))
    .addHelpText(
      'after',
      `${fleetNotes}

Examples:
  fescue fleet watch --fleet lobby
  fescue fleet watch --local
  fescue fleet watch --fleet lobby --every 300 | tee -a lobby.log`,
    )
    .action(runWatch);
}

async function runWatch(flags: WatchFlags, command: Command): Promise<void> {
  const signal = interruption(() => undefined);
  const notes: string[] = [];
  const { source, fleet, close } = await openFleet(flags, command, (text) => notes.push(text));
  const every = flags.every ?? usualEvery[source.kind];
  const show = process.stdout.isTTY ? new Screen() : new Lines();
  for (const note of notes) tell(printable(note));
  // Later rounds must not write over what the first has shown.
  let progress: FleetProgress | undefined = new FleetProgress(process.stderr.isTTY);
  const { silentAfter, activeWithin } = flags;
  const watch = new FleetWatch({ source, fleet, silentAfter, activeWithin, clock: Date.now, notes: () => [], onDevice: () => progress?.next(), mostFollowed });
  try {
    for (let isFirst = true; !signal.aborted; ) {
      const round = await Promise.race([watch.round(), aborted(signal)]);
      progress?.end();
      progress = undefined;
      if (round === undefined) break;
      if ('failure' in round) tell(printable(`That round failed: ${round.failure}`));
      else show.round(round, isFirst ? costText(source.kind, round.report.devices, every) : undefined);
      isFirst &&= 'failure' in round;
      await sleep(every * 1000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    progress?.end();
    close();
  }
}

function costText(kind: keyof typeof usualEvery, { registered }: DeviceCounts, every: number): string | undefined {
  return kind === 'reads' ? `Each round reads ${countText(registered)} shadows, which is ${countText(readsPerDay(registered, every))} a day with a round every ${every} s.` : undefined;
}

/** The whole report in place of the last one, and the latest changes. */
class Screen {
  #latest: string[] = [];
  #cost: string | undefined;

  round({ report, changes }: Round, cost: string | undefined): void {
    this.#cost = cost ?? this.#cost;
    this.#latest = [...this.#latest, ...changes.slice(-shownChanges).map(changeText)].slice(-shownChanges);
    const lines = `${fleetText(report)}\n${this.#cost === undefined ? '' : `${this.#cost}\n`}`.split('\n');
    const { rows, columns } = process.stdout;
    const body = [...lines.slice(0, Math.max(1, rows - this.#latest.length - 1)), ...this.#latest];
    // In place, without a moment of nothing.
    process.stdout.write(`\u001b[H${body.map((line) => `${line.slice(0, columns)}\u001b[K`).join('\r\n')}\u001b[J`);
  }
}

/** One line for each change. */
class Lines {
  #isFirst = true;

  round({ report, changes, notFollowed }: Round, cost: string | undefined): void {
    if (this.#isFirst) process.stdout.write(`${timeText()} ${countsText(report.devices)}\n`);
    if (this.#isFirst && notFollowed > 0) tell(`${countText(notFollowed)} devices more than can be followed; the first ${countText(mostFollowed)} are.`);
    if (cost !== undefined) tell(cost);
    for (const change of changes) process.stdout.write(`${changeText(change)}\n`);
    this.#isFirst = false;
  }
}

function countsText({ registered, connected, silent, stopped, neverReported, unreadable }: DeviceCounts): string {
  const parts = Object.entries({ connected, silent, stopped, 'never reported': neverReported, unreadable }).filter(([, count]) => count > 0);
  return `${countText(registered)} devices${parts.length === 0 ? '' : `: ${parts.map(([name, count]) => `${countText(count)} ${name}`).join(', ')}`}`;
}

function changeText({ device, text }: DeviceChange): string {
  return `${timeText()} ${printable(device)} ${printable(text)}`;
}

function timeText(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
