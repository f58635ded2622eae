import type { CaptureLine } from '../../components/common/capture-format.ts';

/** An object with lines of captured data. */
export type CaptureObject = { readonly key: string; readonly bytes: number };

/** Where captured data lies: a folder, or a bucket. */
export type CaptureStore = {
  /** What it is called in messages: a path or `s3://bucket/prefix`. */
  readonly name: string;
  /** The objects with lines (`.jsonl`), sorted by key, which is by model and then by time. */
  objects(): AsyncIterable<CaptureObject>;
  /** @throws FescueError `not-found`, or what keeps it from being read */
  read(key: string): Promise<Buffer>;
  /** The data a `data-ref` names; it may only lead to where this store is. @throws FescueError */
  readReference(reference: string): Promise<Buffer>;
};

/** A capture as it was found. */
export type FoundCapture = { readonly line: CaptureLine; readonly key: string; readonly lineNumber: number };
