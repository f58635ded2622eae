import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { FescueError } from '../../components/common/errors.ts';
import { connectCloud } from '../cloud/connect.ts';
import { fitsFilter, statusOf, type StatusFilter } from '../fleet/describe.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { findInCloud, findInLocal } from '../fleet/find-device.ts';
import { iotName, positiveInteger } from './arguments.ts';
import { progress as tell } from './components-run.ts';
import { addFleetOptions, fleetNotes, localRootOf, openFleet, type FleetFlags } from './fleet-options.ts';
import { deviceText, statusRow, statusTitles } from './fleet-status-text.ts';
import { jsonLine } from './json-line.ts';
import { printable } from './printable.ts';

type StatusFlags = FleetFlags & StatusFilter & { limit?: number; json?: true };

export function fleetStatusCommand(): Command {
  const command = new Command('status').description('One device and what it last told of itself; without a device, all of them in a table.').argument('[device]', 'thing name of the device; --fleet is not needed with it');
  return addFleetOptions(command)
    .option('--silent', 'only devices that should have reported and have not')
    .option('--model <name>', 'only devices that have a model of this name or alias')
    .option('--agent-version <version>', 'only devices with this version of the agent')
    .addOption(new Option('--limit <count>', 'only the first so many; they come in no order').argParser(positiveInteger))
    .option('--json', 'print JSON, described in docs/fleet.md: of one device a document, of all one in each line')
    .addHelpText(
      'after',
      `${fleetNotes}

Examples:
  fescue fleet status camera-4
  fescue fleet status --fleet lobby --silent
  fescue fleet status --fleet lobby --model defects --json | jq -r .device
  fescue fleet status camera-4 --local`,
    )
    .action(runStatus);
}

async function runStatus(device: string | undefined, flags: StatusFlags, command: Command): Promise<void> {
  if (device === undefined) return listDevices(flags, command);
  const filters = [flags.silent, flags.model, flags.agentVersion, flags.limit];
  if (filters.some((value) => value !== undefined)) command.error('error: --silent, --model, --agent-version and --limit choose among all devices; leave them or the device out');
  const status = statusOf(await findDevice(device, flags), optionsNow(flags));
  process.stdout.write(flags.json ? jsonLine(status) : deviceText(status));
}

async function findDevice(device: string, flags: StatusFlags): Promise<FleetDevice> {
  const name = iotNameOf(device);
  const root = localRootOf(flags);
  if (root !== undefined) return findInLocal(name, root);
  const cloud = await connectCloud(flags);
  try {
    return await findInCloud(name, cloud);
  } finally {
    cloud.close();
  }
}

/** An argument that is no name is as good as a device that is not there. */
function iotNameOf(text: string): string {
  try {
    return iotName(text);
  } catch {
    throw new FescueError('invalid-argument', `"${printable(text).slice(0, 200)}" can be no device: a thing's name has up to 128 letters, digits and : _ -.`);
  }
}

/** Rows are printed as devices are read. */
async function listDevices(flags: StatusFlags, command: Command): Promise<void> {
  if (isDeviceAsRoot(flags.local)) command.error(`error: --local took ${flags.local} for the root of a local nucleus, and there is no such folder. For the device ${flags.local}: fescue fleet status ${flags.local} --local`);
  const { source, fleet, close } = await openFleet(flags, command, (text) => tell(printable(text)));
  const { limit = Infinity } = flags;
  let read = 0;
  let shown = 0;
  try {
    for await (const device of source.devices()) {
      read += 1;
      const status = statusOf(device, optionsNow(flags));
      if (!fitsFilter(status, flags)) continue;
      if (shown === 0 && !flags.json) process.stdout.write(statusTitles);
      process.stdout.write(flags.json ? jsonLine(status) : statusRow(status));
      shown += 1;
      if (shown >= limit) break;
    }
  } finally {
    close();
  }
  if (shown === 0) tell(read === 0 ? `${fleet === undefined ? 'There' : `In the fleet ${printable(fleet)} there`} is no device.` : `None of ${read} devices is as asked for.`);
}

/** Whether the value that --local may have is a device more likely than a root. */
function isDeviceAsRoot(local: string | true | undefined): local is string {
  return typeof local === 'string' && /^[\w:-]{1,128}$/.test(local) && !existsSync(local);
}

function optionsNow({ silentAfter }: StatusFlags): { now: number; silentAfter: number | undefined } {
  return { now: Date.now() / 1000, silentAfter };
}
