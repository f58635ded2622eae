import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { FleetRun } from '../../bench/fleet-main.ts';

async function run(devices: number): Promise<FleetRun> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', resolve('bench/fleet-main.ts'), String(devices)]);
  return JSON.parse(stdout) as FleetRun;
}

test('a report takes the memory of a few devices, however many there are', async () => {
  const [few, many] = [await run(2_000), await run(20_000)];
  expect([few.counted, many.counted]).toEqual([2_000, 20_000]);
  // As many as are read at once.
  expect(many.mostAhead).toBeLessThanOrEqual(16);
  // The reports that the larger one has more would take three times as much.
  expect(many.heapPeakMegabytes - few.heapPeakMegabytes).toBeLessThan(6);
});
