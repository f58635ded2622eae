import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTensorContentType, type CaptureEntry } from '../../components/common/capture-format.ts';
import type { FoundCapture } from './capture-store.ts';
import { mapEntries, readEntry, tensorOf } from './entry-data.ts';
import type { Exporter, ExporterOptions } from './exporter.ts';
import { npyHeader } from './npy-format.ts';
import { captureName, extensionOf, uniqueNames } from './safe-name.ts';

type WrittenEntry = { readonly name: string; readonly contentType: string; readonly file: string };
type Write = (entry: CaptureEntry) => Promise<WrittenEntry>;

/** A folder per capture: `.npy` files of its tensors, its auxiliary data, and `capture.json` that says what is what. */
export async function npyExporter({ store, folder }: ExporterOptions): Promise<Exporter> {
  return {
    add: async (found) => {
      const target = join(folder, captureName(found));
      // The same capture may be there twice, in a copy.
      await rm(target, { recursive: true, force: true });
      await mkdir(target);
      const nameFor = uniqueNames(['capture.json']);
      try {
        await writeCapture(found, target, async (entry) => {
          const bytes = await readEntry(entry, { store, key: found.key });
          return writeEntry(entry, { bytes, target, nameFor });
        });
      } catch (error) {
        await rm(target, { recursive: true });
        throw error;
      }
    },
  };
}

async function writeCapture({ line, key, lineNumber }: FoundCapture, target: string, write: Write): Promise<void> {
  const content = { ...line.eventMetadata, ...(await mapEntries(line, write)), source: { key, line: lineNumber } };
  await writeFile(join(target, 'capture.json'), `${JSON.stringify(content, null, 2)}\n`);
}

async function writeEntry(entry: CaptureEntry, { bytes, target, nameFor }: { bytes: Buffer; target: string; nameFor: ReturnType<typeof uniqueNames> }): Promise<WrittenEntry> {
  const isTensor = parseTensorContentType(entry.observedContentType) !== undefined;
  const pieces = isTensor ? [npyHeader(tensorOf(entry, bytes)), bytes] : [bytes];
  const name = nameFor(entry.name, isTensor ? 'npy' : extensionOf(entry));
  const file = await open(join(target, name), 'wx');
  try {
    for (const piece of pieces) await file.writeFile(piece);
  } finally {
    await file.close();
  }
  return { name: entry.name, contentType: entry.observedContentType, file: name };
}
