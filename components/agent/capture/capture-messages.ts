import type { CaptureConfig } from './capture-config.ts';
import type { SenderFigures } from './object-sender.ts';

/** What the capture process is told first. */
export type OpenOrder = {
  readonly config: CaptureConfig;
  /** How long it waits for another process to let go of the spool. */
  readonly lockPatienceMs: number;
};

/** What the capture process tells of itself, as often as it changes. */
export type CaptureFigures = {
  /** Captures accepted and not delivered. */
  readonly waiting: number;
  readonly bytes: number;
  /** When the oldest of them was accepted, in milliseconds since 1970. */
  readonly oldestMs: number | null;
  readonly accepted: number;
  readonly delivered: number;
  /** Captures uploaded from the disk. */
  readonly uploaded: number;
  readonly dropped: Readonly<Record<'overflow' | 'damaged' | 'rejected', number>>;
  /** Parts of the spool that could not be read and were put aside. */
  readonly quarantined: number;
  readonly sent: SenderFigures;
  /** Whether the last try to deliver has failed. */
  readonly failing: boolean;
};

/** In front of a capture on its way to the process: what the agent knows of its model, in JSON behind its length. */
export function encodeInfo(info: object): Buffer {
  const text = Buffer.from(JSON.stringify(info));
  const encoded = Buffer.allocUnsafe(4 + text.length);
  encoded.writeUInt32LE(text.length, 0);
  text.copy(encoded, 4);
  return encoded;
}

/** @returns what `encodeInfo` encoded, and the bytes behind it */
export function decodeInfo<Info>(payload: Buffer): { info: Info; rest: Buffer } {
  const end = 4 + payload.readUInt32LE(0);
  return { info: JSON.parse(payload.toString('utf8', 4, end)) as Info, rest: payload.subarray(end) };
}
