import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureEntry, CaptureLine } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { mostObjectBytes, type FoundCapture } from './capture-store.ts';
import { mapEntries } from './entry-data.ts';
import type { Exporter, ExporterOptions } from './exporter.ts';

/** In base64, with the rest of a line, they have to fit into an object. */
const mostDataBytes = mostObjectBytes / 2;

/**
 * `captures.jsonl`: the format of captured data, with all of it in the lines. It goes on in `captures-2.jsonl` before it is
 * larger than an object may be for this program to read it.
 */
export async function jsonExporter({ store, folder }: ExporterOptions): Promise<Exporter> {
  let [files, bytes] = [1, 0];
  const path = (): string => join(folder, files === 1 ? 'captures.jsonl' : `captures-${files}.jsonl`);
  await writeFile(path(), '');
  return {
    add: async (found) => {
      const text = Buffer.from(`${JSON.stringify(await embedAll(found, { store, folder }))}\n`);
      if (bytes > 0 && bytes + text.length > mostObjectBytes) [files, bytes] = [files + 1, 0];
      bytes += text.length;
      await appendFile(path(), text);
    },
  };
}

async function embedAll({ line, key }: FoundCapture, { store }: ExporterOptions): Promise<CaptureLine> {
  let left = mostDataBytes;
  const { inputs, outputs, auxiliaryInputs, auxiliaryOutputs } = await mapEntries(line, async ({ 'data-ref': reference, ...entry }): Promise<CaptureEntry> => {
    if (reference === undefined || entry.data !== undefined) return entry;
    const bytes = await store.readReference({ reference, from: key });
    left -= bytes.length;
    if (left < 0) throw new FescueError('invalid-argument', `It refers to more than ${mostDataBytes} bytes of data, which is too much for one line. Export it with --format npy.`);
    return { ...entry, encoding: 'BASE64', data: bytes.toString('base64') };
  });
  return { ...line, deviceFleetInputs: inputs, deviceFleetOutputs: outputs, deviceFleetAuxiliaryInputs: auxiliaryInputs, deviceFleetAuxiliaryOutputs: auxiliaryOutputs };
}
