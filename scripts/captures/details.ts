import { parseTensorContentType, type CaptureEntry } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { elementArrayOf } from '../../components/common/tensor-elements.ts';
import type { DataType } from '../../components/common/tensor.ts';
import type { CaptureStore, FoundCapture } from './capture-store.ts';
import { mapEntries, readEntry, tensorOf, type EntryLists } from './entry-data.ts';
import { statisticsOf, type Statistics } from './statistics.ts';
import { headOf, type CaptureHead } from './summary.ts';

/** What is known of an entry after its data was read. */
export type EntryDetails = {
  readonly name: string;
  readonly contentType: string;
  /** Of a tensor. */
  readonly dtype?: DataType;
  readonly shape?: readonly number[];
  readonly statistics?: Statistics;
  /** Its first ones; INT64 as doubles. */
  readonly elements?: readonly number[];
  /** Absent when the data cannot be read. */
  readonly bytes?: number;
  /** Why the data cannot be read, or is not what its content type says. */
  readonly problem?: string;
};

export type CaptureDetails = CaptureHead & EntryLists<EntryDetails>;

const firstElements = 8;

/** Reads the data of a capture. @throws FescueError `unavailable` when the store cannot be read */
export async function detailsOf(found: FoundCapture, store: CaptureStore): Promise<CaptureDetails> {
  return { ...headOf(found), ...(await mapEntries(found.line, async (entry) => entryDetails(entry, found.key, store))) };
}

async function entryDetails(entry: CaptureEntry, key: string, store: CaptureStore): Promise<EntryDetails> {
  const details = { name: entry.name, contentType: entry.observedContentType };
  let bytes: Buffer | undefined;
  try {
    bytes = await readEntry(entry, { store, key });
    if (parseTensorContentType(entry.observedContentType) === undefined) return { ...details, bytes: bytes.length };
    const tensor = tensorOf(entry, bytes);
    const elements = Array.from(elementArrayOf(tensor).subarray(0, firstElements), Number);
    return { ...details, dtype: tensor.dtype, shape: tensor.shape, bytes: bytes.length, statistics: statisticsOf(tensor), elements };
  } catch (error) {
    if (!(error instanceof FescueError) || error.kind === 'unavailable') throw error;
    return { ...details, ...(bytes === undefined ? {} : { bytes: bytes.length }), problem: error.message };
  }
}
