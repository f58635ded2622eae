import { join } from 'node:path';
import type { Logger } from '../../common/log.ts';
import type { CaptureConfig } from './capture-config.ts';
import { MemoryLog } from './memory-log.ts';
import { OutcomeJournal } from './outcome-journal.ts';
import { Quarantine } from './quarantine.ts';
import { segmentBytesFor } from './record-log.ts';
import { SegmentLog } from './segment-log.ts';
import { Spool, type SpoolOptions } from './spool.ts';

export type OpenSpoolOptions = {
  readonly config: Pick<CaptureConfig, 'spoolFolder' | 'budgetBytes' | 'freeFloorBytes' | 'bufferSize' | 'overflow' | 'order' | 'batchSize'>;
  readonly onDropped: SpoolOptions['onDropped'];
  readonly log: Logger;
};

/** A spool, and how many parts of it could not be read. */
export type OpenedSpool = { readonly spool: Spool; readonly quarantined: () => number };

/** Opens the spool of a configuration: on the disk, with what it held before, or in memory. */
export function openSpool({ config, onDropped, log }: OpenSpoolOptions): OpenedSpool {
  const { spoolFolder: folder, budgetBytes, freeFloorBytes, bufferSize, overflow, order, batchSize } = config;
  const limits = { budgetBytes, freeFloorBytes, overflow, order, batchSize, onDropped };
  if (folder === undefined) return { spool: new Spool({ ...limits, log: new MemoryLog(), journal: undefined, mostCaptures: bufferSize }), quarantined: () => 0 };
  const quarantine = new Quarantine({ folder: join(folder, 'quarantine'), mostBytes: Math.floor(budgetBytes / 8) });
  const opened = SegmentLog.open({ folder, segmentBytes: segmentBytesFor(budgetBytes), quarantine });
  const journal = new OutcomeJournal(folder);
  const { events, damagedLines } = journal.read();
  const spool = new Spool({ ...limits, log: opened.log, journal, mostCaptures: Infinity });
  spool.recover(opened.records, events);
  const { captures, bytes } = spool.usage();
  if (opened.damagedParts > 0 || damagedLines > 0) log.error({ folder, damagedParts: opened.damagedParts, damagedNotes: damagedLines }, 'parts of the spool could not be read; they were put aside in its quarantine folder, and the rest goes on');
  if (captures > 0) log.info({ folder, captures, bytes }, 'captures from before wait for their delivery');
  return { spool, quarantined: () => quarantine.count + damagedLines };
}
