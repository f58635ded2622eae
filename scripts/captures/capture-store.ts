import type { CaptureLine } from '../../components/common/capture-format.ts';

/** An object with lines of captured data. */
export type CaptureObject = { readonly key: string; readonly bytes: number };

/** A `data-ref`, and the key of the object it was read in. */
export type DataReference = { readonly reference: string; readonly from: string };

/** Where captured data lies: a folder, or a bucket. */
export type CaptureStore = {
  /** What it is called in messages: a path or `s3://bucket/prefix`. */
  readonly name: string;
  /**
   * The objects with lines (`.jsonl`), sorted by key, which is by model and then by time.
   *
   * @param skips asked for each folder, as `fleet/model/2023/03/14/`, before anything in it is looked at
   * @throws FescueError what keeps it from being listed
   */
  objects(skips?: (folder: string) => boolean): AsyncIterable<CaptureObject>;
  /** @throws FescueError `not-found`, `failed-precondition` for more than `mostObjectBytes`, or what keeps it from being read */
  read(key: string): Promise<Buffer>;
  /**
   * The data a `data-ref` names. It may only lead to where this store is. One that leads elsewhere, as in a copy of a
   * store, stands for the object under the same `raw-data/…` beside the object it was read in.
   *
   * @throws FescueError as `read`, and `invalid-argument` when it leads elsewhere and there is no such object
   */
  readReference(reference: DataReference): Promise<Buffer>;
};

/** A capture as it was found. */
export type FoundCapture = { readonly line: CaptureLine; readonly key: string; readonly lineNumber: number };

/** Objects are read whole, so that there is a limit to what one may hold. */
export const mostObjectBytes = 256 * 1024 * 1024;

/** How to reach a bucket; a folder takes none of it. */
export type StoreOptions = {
  /** URL of a server that speaks as S3, which is addressed in path style. Default: AWS. */
  readonly endpoint?: string | undefined;
  /** Default: as the AWS command line has it. */
  readonly region?: string | undefined;
  /** Longest silence of the server. Default: 30 seconds. */
  readonly idleTimeoutMs?: number | undefined;
  /** Ends requests that wait for an answer, with `cancelled`. */
  readonly signal?: AbortSignal | undefined;
};
