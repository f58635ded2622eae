import { Command, Option } from 'commander';
import { pause } from '../../components/common/pause.ts';
import { countText, devicesText } from '../fleet/figures-text.ts';
import { FleetWatch, usualEvery, type Round } from '../fleet/watch.ts';
import { positiveNumber } from './arguments.ts';
import { aborted, interruption, progress as tell } from './components-run.ts';
import { addFleetOptions, fleetNotes, openFleet, type FleetFlags } from './fleet-options.ts';
import { Notes } from './fleet-notes.ts';
import { FleetProgress } from './fleet-progress.ts';
import { addActiveWithin } from './fleet-report.ts';
import { changeText, costText, countsText, screenText } from './fleet-watch-text.ts';
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
  const notes = new Notes();
  const { source, fleet, close } = await openFleet(flags, command, (text) => notes.add(text));
  const every = flags.every ?? usualEvery[source.kind];
  const show = process.stdout.isTTY ? new Screen() : new Lines();
  for (const note of notes.all) tell(printable(note));
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
      else show.round(round, isFirst && source.kind === 'reads' ? costText(round.report.devices, every) : undefined);
      isFirst &&= 'failure' in round;
      await pause(every * 1000, signal);
    }
  } finally {
    progress?.end();
    close();
  }
}

/** The whole report in place of the last one, and the latest changes. */
class Screen {
  #latest: string[] = [];
  #cost: string[] = [];

  round({ report, changes }: Round, cost: string | undefined): void {
    if (cost !== undefined) this.#cost = [cost];
    this.#latest = [...this.#latest, ...changes.slice(-shownChanges).map((change) => changeText(change, new Date()))].slice(-shownChanges);
    // Some terminals do not tell their size.
    const [rows, columns] = [process.stdout.rows || 24, process.stdout.columns || 80];
    process.stdout.write(screenText({ report, footer: [...this.#cost, ...this.#latest], rows, columns }));
  }
}

/** One line for each change. */
class Lines {
  #isFirst = true;

  round({ report, changes, notFollowed }: Round, cost: string | undefined): void {
    if (this.#isFirst) process.stdout.write(`${countsText(report.devices, new Date())}\n`);
    if (this.#isFirst && notFollowed > 0) tell(`${devicesText(notFollowed)} more than can be followed; the first ${countText(mostFollowed)} are.`);
    if (cost !== undefined) tell(cost);
    for (const change of changes) process.stdout.write(`${changeText(change, new Date())}\n`);
    this.#isFirst = false;
  }
}
