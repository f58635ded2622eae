import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventVersion, hourFolder, hourOf, inferenceTime, tensorContentType, type CaptureEntry, type CaptureLine } from '../../components/common/capture-format.ts';
import type { Tensor } from '../../components/common/tensor.ts';

export type CaptureParts = {
  id: string;
  at?: string;
  model?: string;
  version?: string;
  inputs?: CaptureEntry[];
  outputs?: CaptureEntry[];
  auxiliaryInputs?: CaptureEntry[];
  auxiliaryOutputs?: CaptureEntry[];
};

/** A line of captured data. */
export function captureLineOf({ id, at = '2023-03-14T16:11:30', model = 'pump', version = '1.0.0', inputs = [], outputs = [], auxiliaryInputs = [], auxiliaryOutputs = [] }: CaptureParts): CaptureLine {
  return {
    deviceFleetInputs: inputs,
    deviceFleetOutputs: outputs,
    deviceFleetAuxiliaryInputs: auxiliaryInputs,
    deviceFleetAuxiliaryOutputs: auxiliaryOutputs,
    eventMetadata: { deviceFleetName: 'fleet', deviceId: 'device', eventId: id, inferenceTime: at, modelName: model, modelVersion: version },
    eventVersion,
  };
}

/** A tensor that is part of its line. */
export function embeddedTensor({ name, dtype, shape, bytes }: Tensor, mode: CaptureEntry['mode'] = 'Input'): CaptureEntry {
  return { name, mode, observedContentType: tensorContentType({ dtype, shape }), encoding: 'BASE64', data: Buffer.from(bytes).toString('base64') };
}

/** An entry whose data is elsewhere. */
export function referredEntry(entry: { name: string; contentType: string; reference: string; mode?: CaptureEntry['mode'] }): CaptureEntry {
  return { name: entry.name, mode: entry.mode ?? 'Input', observedContentType: entry.contentType, encoding: 'NONE', 'data-ref': entry.reference };
}

/** The key of an object with a line made at a time, below the prefix `sme-capture`. */
export function captureKey({ at = '2023-03-14T16:11:30', model = 'pump', name = 'one' }: { at?: string; model?: string; name?: string } = {}): string {
  const hour = hourOf(Date.parse(`${at}Z`));
  return `${hourFolder({ prefix: 'sme-capture', fleet: 'fleet', model, hour })}/${createHash('md5').update(name).digest('hex')}.jsonl`;
}

export function linesText(lines: readonly CaptureLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Writes a file below a folder, with the folders it is in. */
export async function put(root: string, key: string, content: string | Uint8Array): Promise<string> {
  const path = join(root, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** Captures of one tensor, an hour apart, each in an object of its own. @returns their times */
export async function putHours(root: string, { count, model = 'pump', from = '2023-03-14T00:30:00' }: { count: number; model?: string; from?: string }): Promise<string[]> {
  const times = Array.from({ length: count }, (_, index) => inferenceTime(Date.parse(`${from}Z`) + index * 3_600_000));
  for (const [index, at] of times.entries()) await put(root, captureKey({ at, model }), linesText([captureLineOf({ id: `${model}-${index}`, at, model })]));
  return times;
}

export function floats(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.of(...values).buffer);
}
