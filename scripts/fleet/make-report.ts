import { productVersion } from '../../components/common/version.ts';
import type { FleetDevice, FleetSource } from './device.ts';
import type { FleetReport } from './fleet-report.ts';
import { FleetTally, type TallyOptions } from './fleet-tally.ts';

export type ReportRequest = TallyOptions & {
  readonly source: FleetSource;
  readonly fleet: string | undefined;
  /** In milliseconds since 1970. Asked for each device, as reading many takes longer than their periods. */
  readonly clock: () => number;
  /** Called for each device, as it is counted. */
  readonly onDevice: (device: FleetDevice) => void;
  /** What there is to say when all is read. */
  readonly notes: () => readonly string[];
};

/** Reads all devices once, and adds them up as they come. */
export async function makeReport({ source, fleet, clock, onDevice, notes, silentAfter, activeWithin }: ReportRequest): Promise<FleetReport> {
  const tally = new FleetTally({ silentAfter, activeWithin });
  const start = clock();
  for await (const device of source.devices()) {
    tally.add(device, clock() / 1000);
    onDevice(device);
  }
  return {
    format: 1,
    fescue: productVersion,
    fleet: fleet ?? null,
    source: { kind: source.kind, name: source.name },
    time: new Date(start).toISOString(),
    activeWithinSeconds: activeWithin,
    silentAfterSeconds: silentAfter ?? null,
    ...tally.findings(),
    notes: notes(),
  };
}
