import { reportShadow } from '../../components/common/device-report.ts';
import { FescueError } from '../../components/common/errors.ts';
import { printable } from '../commands/printable.ts';
import { readShadows } from '../local-nucleus/read-shadows.ts';
import type { FleetDevice, FleetSource } from './device.ts';
import { readShadowDocument } from './read-report.ts';

/** @property root of a local nucleus @property fleet undefined takes all devices @property onNote told of what cannot be read */
export type LocalSourceOptions = { readonly root: string; readonly fleet: string | undefined; readonly onNote: (text: string) => void };

/** Fleets named where somebody has to choose one. */
const mostNames = 20;

/** What devices reported to a local nucleus, whether it runs or not. Things that never reported are not known to it. */
export function localSource(options: LocalSourceOptions): FleetSource {
  return { kind: 'local', name: `the local nucleus in ${options.root}`, devices: () => localDevices(options) };
}

async function* localDevices({ root, fleet, onNote }: LocalSourceOptions): AsyncGenerator<FleetDevice> {
  for await (const { thing, document } of readShadows({ root, shadow: reportShadow, onNote })) {
    const device = { name: thing, ...readShadowDocument(document) };
    if (fleet === undefined || device.report === undefined || device.report.fleet === fleet) yield device;
  }
}

/**
 * The one fleet whose devices report to a local nucleus; undefined while none does.
 *
 * @throws FescueError `invalid-argument` when there are several, `not-found` when there is no such root
 */
export async function onlyLocalFleet(root: string): Promise<string | undefined> {
  const fleets = new Set<string>();
  for await (const { report } of localDevices({ root, fleet: undefined, onNote: () => undefined })) {
    if (report !== undefined && fleets.size < mostNames) fleets.add(report.fleet);
  }
  if (fleets.size > 1) throw new FescueError('invalid-argument', `Devices of several fleets report to the local nucleus in ${root}: ${[...fleets].toSorted().map(printable).join(', ')}. Choose one with --fleet.`);
  return [...fleets][0];
}
