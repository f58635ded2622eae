import { Command, Option } from 'commander';
import { fleetHtml } from '../fleet/report-html.ts';
import { makeReport } from '../fleet/make-report.ts';
import { prepareHtmlFile } from '../html/html-file.ts';
import { durationSeconds } from './arguments.ts';
import { addFleetOptions, fleetNotes, openFleet, type FleetFlags } from './fleet-options.ts';
import { Notes } from './fleet-notes.ts';
import { FleetProgress } from './fleet-progress.ts';
import { fleetText } from './fleet-text.ts';
import { jsonLine } from './json-line.ts';

type ReportFlags = FleetFlags & { activeWithin: number; html?: string; quiet?: true; json?: true };

export function fleetReportCommand(): Command {
  return addActiveWithin(addFleetOptions(new Command('report').description('The fleet as a whole: how many devices are connected, with which versions and models, and how they do.')))
    .option('--html <file>', 'also write it with charts, as one HTML file')
    .option('--quiet', 'no progress on standard error')
    .option('--json', 'print one JSON document, described in docs/fleet.md, and no progress')
    .addHelpText(
      'after',
      `${fleetNotes}

Examples:
  fescue fleet report --fleet lobby
  fescue fleet report --fleet lobby --region eu-west-1 --html lobby.html
  fescue fleet report --local
  fescue fleet report --fleet lobby --active-within 1d --json`,
    )
    .action(runReport);
}

export function addActiveWithin(command: Command): Command {
  return command.addOption(new Option('--active-within <time>', 'count a model as active, or as sampling, on a device that has run it, or captured, so short before its report').argParser(durationSeconds).default(3_600, '1h'));
}

async function runReport(flags: ReportFlags, command: Command): Promise<void> {
  const file = flags.html === undefined ? undefined : await prepareHtmlFile(flags.html);
  const notes = new Notes();
  const { source, fleet, close } = await openFleet(flags, command, (text) => notes.add(text));
  const progress = new FleetProgress(flags.quiet !== true && flags.json !== true);
  try {
    const { silentAfter, activeWithin } = flags;
    const report = await makeReport({ source, fleet, silentAfter, activeWithin, clock: Date.now, onDevice: () => progress.next(), notes: () => notes.all });
    progress.end();
    await file?.write(fleetHtml(report));
    process.stdout.write(flags.json ? jsonLine(report) : fleetText(report));
  } finally {
    progress.end();
    close();
  }
}
