import { eventVersion, hourFolder, hourOf, inferenceTime, tensorContentType, type CaptureEntry, type CaptureLine } from '../../common/capture-format.ts';
import type { AuxiliaryPart, StoredCapture } from './capture-record.ts';

/** Where captures belong: the same for all of a device. */
export type CaptureOrigin = { readonly prefix: string; readonly fleet: string; readonly device: string };

/** An object to be delivered. */
export type CaptureObject = { readonly key: string; readonly body: Uint8Array; readonly contentType: string };

export type ObjectOptions = {
  readonly origin: CaptureOrigin;
  /** The most bytes that are put into the line itself. */
  readonly embedLimit: number;
  /** The URL an object will have. */
  readonly urlOf: (key: string) => string;
};

/** What a capture becomes: a line, and an object for each part that is too large for it. */
export function objectsOf({ description, payload }: StoredCapture, { origin, embedLimit, urlOf }: ObjectOptions): { readonly line: string; readonly objects: readonly CaptureObject[] } {
  const { id, uid, model, version, atMs } = description;
  const folder = `${captureFolder(origin, model, hourOf(atMs))}/raw-data`;
  const objects: CaptureObject[] = [];
  let position = 0;
  const entryOf = (part: { readonly bytes: number }, about: About, index: number): CaptureEntry => {
    const content = payload.subarray(position, position + part.bytes);
    position += part.bytes;
    const { name, mode, observedContentType, subfolder, extension } = about;
    const inline = content.length <= embedLimit ? inlineOf(content, about) : undefined;
    if (inline !== undefined) return { name, mode, observedContentType, ...inline };
    const key = `${folder}/${subfolder}/${uid}-${index}${extension}`;
    objects.push({ key, body: about.encoding === 'BASE64' ? (decodedBase64(content) ?? content) : content, contentType: 'application/octet-stream' });
    return { name, mode, observedContentType, encoding: 'NONE', 'data-ref': urlOf(key) };
  };
  const line: CaptureLine = {
    deviceFleetInputs: description.inputs.map((part, index) => entryOf(part, tensorAbout(part, 'Input'), index)),
    deviceFleetOutputs: description.outputs.map((part, index) => entryOf(part, tensorAbout(part, 'Output'), index)),
    deviceFleetAuxiliaryInputs: description.auxiliaryInputs.map((part, index) => entryOf(part, auxiliaryAbout(part, 'Input'), index)),
    deviceFleetAuxiliaryOutputs: description.auxiliaryOutputs.map((part, index) => entryOf(part, auxiliaryAbout(part, 'Output'), index)),
    eventMetadata: { deviceFleetName: origin.fleet, deviceId: origin.device, eventId: id, inferenceTime: inferenceTime(atMs), modelName: model, modelVersion: version },
    eventVersion,
  };
  return { line: JSON.stringify(line), objects };
}

/** The object with the lines of a batch. */
export function linesObject(lines: readonly string[], batch: { readonly id: string; readonly model: string; readonly hour: number }, origin: CaptureOrigin): CaptureObject {
  return { key: `${captureFolder(origin, batch.model, batch.hour)}/${batch.id}.jsonl`, body: Buffer.from(lines.map((line) => `${line}\n`).join('')), contentType: 'application/x-ndjson' };
}

function captureFolder({ prefix, fleet }: CaptureOrigin, model: string, hour: number): string {
  return hourFolder({ prefix, fleet, model, hour });
}

type About = {
  readonly name: string;
  readonly mode: 'Input' | 'Output';
  readonly observedContentType: string;
  readonly subfolder: string;
  readonly extension: string;
  /** Undefined for a tensor. */
  readonly encoding?: AuxiliaryPart['encoding'];
};

function tensorAbout(part: { name: string; dtype: Parameters<typeof tensorContentType>[0]['dtype']; shape: readonly number[] }, mode: 'Input' | 'Output'): About {
  return { name: part.name, mode, observedContentType: tensorContentType(part), subfolder: `${mode.toLowerCase()}-tensors`, extension: '' };
}

function auxiliaryAbout({ name, encoding }: AuxiliaryPart, mode: 'Input' | 'Output'): About {
  const observedContentType = contentWordOf(name, encoding);
  const extension = /^[a-z0-9]{1,8}$/.test(observedContentType) ? `.${observedContentType}` : '';
  return { name, mode, observedContentType, subfolder: `auxiliary-${mode.toLowerCase()}s`, extension, encoding };
}

/** Clients say what their data is by its name, such as `jpg` or `door.jpg`, or by its encoding. */
function contentWordOf(name: string, encoding: AuxiliaryPart['encoding']): string {
  const word = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase();
  if (word !== undefined) return word;
  return encoding === 'CSV' || encoding === 'JSON' ? encoding.toLowerCase() : name;
}

/** What the line says of small data: text as it is, bytes in base64. */
function inlineOf(content: Buffer, { encoding }: About): Pick<CaptureEntry, 'encoding' | 'data'> {
  if (encoding === 'BASE64' && decodedBase64(content) !== undefined) return { encoding, data: content.toString('latin1') };
  const text = encoding === 'CSV' || encoding === 'JSON' ? textOf(content) : undefined;
  return text === undefined || encoding === undefined ? { encoding: 'BASE64', data: content.toString('base64') } : { encoding, data: text };
}

/** Undefined when it is no base64, which some clients call so all the same. */
function decodedBase64(content: Buffer): Buffer | undefined {
  const text = content.toString('latin1');
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function textOf(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}
