import { resolve as absolute } from 'node:path';
import { type Command, Option } from 'commander';
import { connectCloud } from '../cloud/connect.ts';
import { localRoot } from '../deploy/local-target.ts';
import { cloudSource } from '../fleet/cloud-source.ts';
import type { FleetSource } from '../fleet/device.ts';
import { localSource, onlyLocalFleet } from '../fleet/local-source.ts';
import { durationSeconds, iotName, wholeNumber } from './arguments.ts';

/** Options of every command that reads a fleet. */
export type FleetFlags = { fleet?: string; local?: string | true; region?: string; profile?: string; endpoint?: string; parallel: number; silentAfter?: number };

export function addFleetOptions(command: Command): Command {
  return command
    .addOption(new Option('--fleet <name>', 'thing group of the fleet; with --local it may be left out where there is only one').argParser(iotName))
    .option('--local [root]', 'devices that report to the local nucleus, which need not run. Default root: build/nucleus of this checkout')
    .addOption(new Option('--region <region>', 'AWS region. Default: as the AWS command line has it').conflicts('local'))
    .addOption(new Option('--profile <name>', 'profile of the AWS command line').conflicts('local'))
    .addOption(new Option('--endpoint <url>', 'server that speaks as AWS. Default: AWS').conflicts('local'))
    .addOption(new Option('--parallel <count>', 'shadows to read at once, where fleet indexing cannot be used').argParser(wholeNumber(1, 256)).default(16))
    .addOption(new Option('--silent-after <time>', 'count devices as silent after, such as 90s, 30m or 3h. Default: each after two of its own periods').argParser(durationSeconds));
}

export const fleetNotes = `
Without --local the fleet is read from AWS IoT Core with the credentials that the AWS command line would use; docs/fleet.md
says which permissions that takes, and what each number means.`;

export type OpenFleet = { readonly source: FleetSource; readonly fleet: string | undefined; readonly close: () => void };

/**
 * Opens where the fleet of the flags is read from.
 *
 * @param onNote told what was chosen for want of something better, and what cannot be read
 */
export async function openFleet(flags: FleetFlags, command: Command, onNote: (text: string) => void): Promise<OpenFleet> {
  const root = localRootOf(flags);
  if (root !== undefined) {
    const fleet = flags.fleet ?? (await onlyLocalFleet(root));
    return { source: localSource({ root, fleet, onNote }), fleet, close: () => undefined };
  }
  const { fleet, parallel } = flags;
  if (fleet === undefined) command.error('error: --fleet is needed, or --local for the devices of the local nucleus');
  const cloud = await connectCloud(flags);
  try {
    return { source: await cloudSource({ cloud, fleet, parallel, onNote }), fleet, close: () => cloud.close() };
  } catch (error) {
    cloud.close();
    throw error;
  }
}

/** Undefined for AWS. */
export function localRootOf({ local }: FleetFlags): string | undefined {
  return local === undefined ? undefined : local === true ? localRoot : absolute(local);
}

