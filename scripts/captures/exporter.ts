import { appendFile } from 'node:fs/promises';
import type { CaptureStore, FoundCapture } from './capture-store.ts';

/** Where captures come from, and the folder that receives them, which is empty and moved into place when all is written. */
export type ExporterOptions = { readonly store: CaptureStore; readonly folder: string };

/** Writes captures in one format, one after the other. */
export type Exporter = {
  /** @throws FescueError why it cannot be written in this format; nothing of it is left then */
  add(found: FoundCapture): Promise<void>;
};

/** Makes the file, with its first lines, and returns what adds further ones. */
export async function lineWriter(path: string, start = ''): Promise<(text: string) => Promise<void>> {
  await appendFile(path, start);
  return async (text) => appendFile(path, text);
}
