import { openSpool, type OpenedSpool, type OpenSpoolOptions } from '../../components/agent/capture/open-spool.ts';
import type { CaptureDescription, NewCapture } from '../../components/agent/capture/capture-record.ts';
import { pino } from 'pino';

type Config = OpenSpoolOptions['config'];

/** A capture of one tensor. */
export function newCapture(id: string, options: { bytes?: number; priority?: number; model?: string; atMs?: number; fill?: number } = {}): NewCapture {
  const { bytes = 8, priority = 5, model = 'm', atMs = 1_700_000_000_000, fill = 7 } = options;
  const description: CaptureDescription = { id, uid: 'f'.repeat(32), model, version: '1', atMs, inputs: [{ name: 'x', dtype: 'UINT8', shape: [bytes], bytes }], outputs: [], auxiliaryInputs: [], auxiliaryOutputs: [] };
  return { description, descriptionText: Buffer.from(JSON.stringify(description)), payload: [Buffer.alloc(bytes, fill)], priority, acceptedMs: atMs };
}

export const spoolDefaults = { budgetBytes: 64 * 1024 * 1024, freeFloorBytes: 0, bufferSize: 1_000, overflow: 'refuse', order: 'oldest-first', batchSize: 3 } as const;

export type TestSpool = OpenedSpool & { dropped: string[]; logged: string[] };

/** Opens a spool on a folder, or in memory without one. */
export function testSpool(folder: string | undefined, options: Partial<Config> = {}): TestSpool {
  const [dropped, logged]: [string[], string[]] = [[], []];
  const log = pino({ base: null }, { write: (line: string) => void logged.push(line) });
  const opened = openSpool({ config: { ...spoolDefaults, ...options, spoolFolder: folder }, log, onDropped: (count, reason) => dropped.push(`${count} ${reason}`) });
  return { ...opened, dropped, logged };
}
