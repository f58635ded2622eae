import { reportShadow } from '../../components/common/device-report.ts';
import { pause } from '../../components/common/pause.ts';
import { simulatedFate, simulatedName, simulatedReport, type Simulation } from './simulated-device.ts';

export type SimulateRequest = Omit<Simulation, 'now'> & {
  readonly devices: number;
  /** Writes a device's reported state into its shadow. */
  readonly update: (thing: string, shadow: string, document: string) => Promise<void>;
  /** In milliseconds since 1970. */
  readonly clock: () => number;
  readonly signal: AbortSignal;
};

/** Shadows that are written at once. */
const atOnce = 8;

/** Lets every simulated device report, those that never do excepted. Silent and stopped ones report what was their last. */
export async function reportOnce(request: SimulateRequest): Promise<number> {
  return reportAll(request, () => true);
}

/** From then on, the running ones report once in each period, one after the other, until the signal is aborted. */
export async function reportOn(request: SimulateRequest): Promise<void> {
  while (!request.signal.aborted) {
    const start = performance.now();
    await reportAll(request, (index) => simulatedFate(index, request) === 'running');
    await pause(Math.max(0, request.periodSeconds * 1000 - (performance.now() - start)), request.signal);
  }
}

async function reportAll(request: SimulateRequest, isTurnOf: (index: number) => boolean): Promise<number> {
  let index = 0;
  let reported = 0;
  const work = async (): Promise<void> => {
    while (index < request.devices && !request.signal.aborted) {
      const turn = index;
      index += 1;
      if (!isTurnOf(turn)) continue;
      const reportedState = simulatedReport(turn, { ...request, now: request.clock() / 1000 });
      if (reportedState === undefined) continue;
      await request.update(simulatedName(turn), reportShadow, JSON.stringify({ state: { reported: reportedState } }));
      reported += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return reported;
}
