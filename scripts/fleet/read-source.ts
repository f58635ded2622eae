import { reportShadow } from '../../components/common/device-report.ts';
import type { ShadowService, ThingService } from '../cloud/cloud.ts';
import { CloudError } from '../cloud/cloud-error.ts';
import type { FleetDevice, FleetSource } from './device.ts';
import { readShadowDocument } from './read-report.ts';
import { unordered } from './unordered.ts';

export type ReadSourceOptions = {
  readonly region: string;
  readonly things: Pick<ThingService, 'members'>;
  readonly shadows: Pick<ShadowService, 'get'>;
  readonly fleet: string;
  /** Most shadows to read at once. */
  readonly parallel: number;
  readonly firstPauseMs?: number;
};

/** So many denials without a single success mean that none is allowed. */
const enoughDenials = 20;

/** The members of the thing group page by page, and one shadow read for each. */
export function readSource({ region, things, shadows, fleet, parallel, firstPauseMs = 500 }: ReadSourceOptions): FleetSource {
  const read = async (name: string): Promise<Answer> => {
    try {
      const document = await shadows.get(name, reportShadow);
      return { device: { name, ...(document === undefined ? { report: undefined } : readShadowDocument(document)) } };
    } catch (error) {
      if (!(error instanceof CloudError) || error.fault !== 'access-denied') throw error;
      return { device: { name, report: undefined, problem: { reason: 'denied', detail: error.message } }, denial: error };
    }
  };
  return {
    kind: 'reads',
    name: `${region}, a shadow read for each device`,
    devices: () => unlessAllDenied(unordered(eachOf(things.members(fleet)), { atOnce: parallel, make: read, isPassing, firstPauseMs })),
  };
}

type Answer = { readonly device: FleetDevice; readonly denial?: CloudError };

/** A policy may leave out some things; one that leaves out all is told as such, not for each of them. */
async function* unlessAllDenied(answers: AsyncIterable<Answer>): AsyncGenerator<FleetDevice> {
  let successes = 0;
  let denials = 0;
  let latest: CloudError | undefined;
  for await (const { device, denial } of answers) {
    if (denial === undefined) successes += 1;
    else denials += 1;
    latest = denial ?? latest;
    if (latest !== undefined && successes === 0 && denials >= enoughDenials) throw latest;
    yield device;
  }
  if (latest !== undefined && successes === 0) throw latest;
}

async function* eachOf<Item>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const page of pages) yield* page;
}

function isPassing(error: unknown): boolean {
  return error instanceof CloudError && (error.fault === 'throttled' || error.fault === 'unreachable');
}
