import type { FleetDevice } from './device.ts';
import { durationText } from './figures-text.ts';
import type { Standing, Standings } from './standing.ts';

export type DeviceChange = { readonly device: string; readonly text: string };

/** As little as tells whether something has changed. */
type Seen = { standing: Standing; version: string | undefined; crashes: number; round: number };

/**
 * Tells what has changed between rounds over the devices of a fleet. It follows no more than `most` devices, those that came
 * first, so that its memory is bounded.
 */
export class ChangeTracker {
  readonly #most: number;
  readonly #seen = new Map<string, Seen>();
  #round = 0;
  #notFollowed = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Devices of this round that are too many to be followed. */
  get notFollowed(): number {
    return this.#notFollowed;
  }

  startRound(): void {
    this.#round += 1;
    this.#notFollowed = 0;
  }

  /** What a device has changed since the round before; nothing in the first round. */
  see(device: FleetDevice, stands: Standings): DeviceChange[] {
    const { name, report, problem } = device;
    const before = this.#seen.get(name);
    if (before === undefined && this.#seen.size >= this.#most) {
      this.#notFollowed += 1;
      return [];
    }
    const now: Seen = { standing: stands.standing, version: report?.agent.version ?? before?.version, crashes: report?.agent.crashes ?? before?.crashes ?? 0, round: this.#round };
    this.#seen.set(name, now);
    if (before === undefined) return this.#round === 1 ? [] : [{ device: name, text: `appears: ${standingTexts[now.standing]}${now.version === undefined ? '' : `, agent ${now.version}`}` }];
    return changesOf(before, now, { stands, detail: problem?.detail }).map((text) => ({ device: name, text }));
  }

  /** Devices that were there in the round before and are no longer. Only of a round that has seen all. */
  endRound(): DeviceChange[] {
    const gone = [...this.#seen].filter(([, { round }]) => round < this.#round).map(([name]) => name);
    for (const name of gone) this.#seen.delete(name);
    return gone.map((device) => ({ device, text: 'is gone from the fleet' }));
  }
}

const standingTexts: Readonly<Record<Standing, string>> = { connected: 'connected', silent: 'silent', stopped: 'stopped', 'never-reported': 'has not reported yet', unreadable: 'its report cannot be read' };

function changesOf(before: Seen, now: Seen, { stands, detail }: { stands: Standings; detail: string | undefined }): string[] {
  const texts: string[] = [];
  if (before.standing !== now.standing) texts.push(standingChange(before.standing, now.standing, { age: stands.age ?? 0, detail }));
  if (now.crashes > before.crashes) texts.push(now.crashes === 1 ? 'has crashed for the first time' : `has crashed, ${now.crashes} times in all`);
  if (before.version !== undefined && now.version !== undefined && before.version !== now.version) texts.push(`has changed from agent ${before.version} to ${now.version}`);
  return texts;
}

function standingChange(before: Standing, now: Standing, { age, detail }: { age: number; detail: string | undefined }): string {
  if (now === 'silent') return `is silent, since ${durationText(age)}`;
  if (now === 'stopped') return 'has stopped in order';
  if (now === 'unreadable') return `reports what cannot be read: ${detail ?? ''}`;
  if (now === 'never-reported') return 'has no report any more';
  return before === 'never-reported' ? 'reports for the first time' : 'is back';
}
