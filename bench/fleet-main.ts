/** `node --expose-gc bench/fleet-main.ts <devices>`: makes a report on generated devices, and prints what that took as JSON. */
import { setImmediate } from 'node:timers/promises';
import { fleetText } from '../scripts/commands/fleet-text.ts';
import { makeReport } from '../scripts/fleet/make-report.ts';
import { readSource, type ReadSourceOptions } from '../scripts/fleet/read-source.ts';
import { fleetHtml } from '../scripts/fleet/report-html.ts';
import { simulatedName, simulatedReport } from '../scripts/fleet/simulated-device.ts';

export type FleetRun = {
  readonly devices: number;
  readonly counted: number;
  readonly seconds: number;
  /** Of live objects, after a collection. */
  readonly heapPeakMegabytes: number;
  readonly residentPeakMegabytes: number;
  /** Devices that were being read, or read and not yet counted. */
  readonly mostAhead: number;
  readonly htmlKilobytes: number;
};

const pageSize = 250;
const parallel = 16;
/** Collections are slow; the more of them, the more of the time is theirs. */
const collections = 20;

const now = Date.now() / 1000;
const ahead = { begun: 0, counted: 0, most: 0 };

/** IoT Core with so many devices, none of which is kept. */
function generated(devices: number): Pick<ReadSourceOptions, 'things' | 'shadows'> {
  return {
    things: {
      members: async function* () {
        for (let start = 0; start < devices; start += pageSize) {
          await setImmediate();
          yield Array.from({ length: Math.min(pageSize, devices - start) }, (_, place) => simulatedName(start + place));
        }
      },
    },
    shadows: {
      get: async (thing) => {
        ahead.begun += 1;
        ahead.most = Math.max(ahead.most, ahead.begun - ahead.counted);
        await setImmediate();
        const reported = simulatedReport(Number(thing.slice(4)), { seed: 1, fleet: 'generated', now, periodSeconds: 60 });
        return reported && JSON.stringify({ state: { reported }, metadata: {}, version: 1 });
      },
    },
  };
}

async function run(devices: number): Promise<FleetRun> {
  const source = readSource({ ...generated(devices), region: 'nowhere', fleet: 'generated', parallel });
  let heapPeak = 0;
  const start = performance.now();
  const report = await makeReport({
    source,
    fleet: 'generated',
    silentAfter: undefined,
    activeWithin: 3_600,
    clock: () => now * 1000,
    notes: () => [],
    onDevice: () => {
      ahead.counted += 1;
      if (ahead.counted % Math.ceil(devices / collections) === 0) heapPeak = Math.max(heapPeak, liveHeap());
    },
  });
  const html = fleetHtml(report).length + fleetText(report).length;
  const seconds = (performance.now() - start) / 1000;
  return { devices, counted: report.devices.registered, seconds, heapPeakMegabytes: heapPeak / 1e6, residentPeakMegabytes: process.resourceUsage().maxRSS / 1e3, mostAhead: ahead.most, htmlKilobytes: html / 1e3 };
}

function liveHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

process.stdout.write(`${JSON.stringify(await run(Number(process.argv[2])))}\n`);
