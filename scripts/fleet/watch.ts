import { FescueError } from '../../components/common/errors.ts';
import { ChangeTracker, type DeviceChange } from './changes.ts';
import type { FleetSource } from './device.ts';
import type { FleetReport } from './fleet-report.ts';
import { makeReport } from './make-report.ts';
import { standingOf } from './standing.ts';

export type WatchRequest = {
  readonly source: FleetSource;
  readonly fleet: string | undefined;
  readonly silentAfter: number | undefined;
  readonly activeWithin: number;
  /** In milliseconds since 1970. */
  readonly clock: () => number;
  readonly notes: () => readonly string[];
  readonly onDevice: () => void;
  readonly mostFollowed: number;
};

/** What a round over the fleet found. `changes` are those since the round before. */
export type Round = { readonly report: FleetReport; readonly changes: readonly DeviceChange[]; readonly notFollowed: number };

/** Of one round; what is more is not kept. */
const mostChanges = 10_000;

/** Goes over the fleet again and again. */
export class FleetWatch {
  readonly #request: WatchRequest;
  readonly #tracker: ChangeTracker;

  constructor(request: WatchRequest) {
    this.#request = request;
    this.#tracker = new ChangeTracker(request.mostFollowed);
  }

  /** @returns the reason where AWS could not be reached or was too busy: the next round may succeed. Other failures reject. */
  async round(): Promise<Round | { readonly failure: string }> {
    const { silentAfter, clock, onDevice } = this.#request;
    const changes: DeviceChange[] = [];
    const keep = (found: readonly DeviceChange[]): void => void changes.push(...found.slice(0, mostChanges - changes.length));
    this.#tracker.startRound();
    try {
      const report = await makeReport({
        ...this.#request,
        onDevice: (device) => {
          keep(this.#tracker.see(device, standingOf(device, { now: clock() / 1000, silentAfter })));
          onDevice();
        },
      });
      keep(this.#tracker.endRound());
      return { report, changes, notFollowed: this.#tracker.notFollowed };
    } catch (error) {
      if (error instanceof FescueError && error.kind === 'unavailable') return { failure: error.message };
      throw error;
    }
  }
}

/** Seconds between rounds where nobody has said. Reads are paid one by one, and are many. */
export const usualEvery = { local: 2, index: 10, reads: 60 } as const;

const secondsOfDay = 86_400;

/** What rounds by single reads add up to. */
export function readsPerDay(devices: number, everySeconds: number): number {
  return Math.round((devices * secondsOfDay) / everySeconds);
}
