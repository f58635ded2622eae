import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inCheckout } from '../scripts/packaging/paths.ts';
import type { FleetRun } from './fleet-main.ts';

const sizes = [10_000, 100_000] as const;

/** A report on 10,000 and on 100,000 generated devices: how long it takes, and what memory. Memory is to be the same. */
export async function measureFleet(): Promise<Record<string, number>> {
  const [small, large] = [await runFleet(sizes[0]), await runFleet(sizes[1])];
  return {
    ...figuresOf(small),
    ...figuresOf(large),
    'heap, 100,000 / 10,000': large.heapPeakMegabytes / small.heapPeakMegabytes,
    'resident, 100,000 / 10,000': large.residentPeakMegabytes / small.residentPeakMegabytes,
  };
}

function figuresOf({ devices, seconds, heapPeakMegabytes, residentPeakMegabytes, mostAhead, htmlKilobytes }: FleetRun): Record<string, number> {
  const of = `${devices.toLocaleString('en-GB')} devices`;
  return {
    [`${of}, s`]: seconds,
    [`${of}, devices/s`]: devices / seconds,
    [`${of}, peak heap, MB`]: heapPeakMegabytes,
    [`${of}, peak resident, MB`]: residentPeakMegabytes,
    [`${of}, most read ahead`]: mostAhead,
    [`${of}, HTML, kB`]: htmlKilobytes,
  };
}

/** In a process of its own, whose memory is that of the report only. */
async function runFleet(devices: number): Promise<FleetRun> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', inCheckout('bench/fleet-main.ts'), String(devices)]);
  return JSON.parse(stdout) as FleetRun;
}
