import { Command } from 'commander';
import { fleetReportCommand } from './fleet-report.ts';
import { fleetSimulateCommand } from './fleet-simulate.ts';
import { fleetStatusCommand } from './fleet-status.ts';
import { fleetWatchCommand } from './fleet-watch.ts';

/** Looks at a fleet from one place. */
export function fleetCommand(): Command {
  return new Command('fleet')
    .description('See which devices of a fleet live, what they run and how they do, in AWS or on the local nucleus.')
    .addHelpText(
      'after',
      `
docs/fleet.md says what each number means.

Examples:
  fescue fleet report --fleet lobby --html lobby.html
  fescue fleet status camera-4
  fescue fleet watch --fleet lobby
  fescue fleet simulate --devices 500 --local`,
    )
    .addCommand(fleetStatusCommand())
    .addCommand(fleetReportCommand())
    .addCommand(fleetWatchCommand())
    .addCommand(fleetSimulateCommand());
}
