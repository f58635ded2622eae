import { parseTensorContentType, type CaptureEntry, type CaptureLine } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { elementBytes, elementCount, type Tensor } from '../../components/common/tensor.ts';
import type { CaptureStore } from './capture-store.ts';

/** Where an entry was found: its store, and the key of the object with its line. */
export type EntrySource = { readonly store: CaptureStore; readonly key: string };

/**
 * The data of an entry, as it was captured.
 *
 * @throws FescueError `invalid-argument` when it has none or it is no base64, and as `readReference` of the store
 */
export async function readEntry(entry: CaptureEntry, { store, key }: EntrySource): Promise<Buffer> {
  const { data, 'data-ref': reference } = entry;
  if (data === undefined) {
    if (reference === undefined) throw new FescueError('invalid-argument', `"${entry.name}" of ${key} has neither data nor data-ref.`);
    return store.readReference({ reference, from: key });
  }
  if (entry.encoding !== 'BASE64') return Buffer.from(data);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) throw new FescueError('invalid-argument', `The data of "${entry.name}" of ${key} is no base64.`);
  return Buffer.from(data, 'base64');
}

/**
 * An entry's data as a tensor.
 *
 * @throws FescueError `invalid-argument` when it is none, of a type that is not known, or of another size than its shape
 */
export function tensorOf({ name, observedContentType }: CaptureEntry, bytes: Uint8Array): Tensor {
  const { dtype, shape, word } = parseTensorContentType(observedContentType) ?? {};
  if (shape === undefined) throw new FescueError('invalid-argument', `"${name}" is no tensor: its content type is "${observedContentType}".`);
  if (dtype === undefined) throw new FescueError('invalid-argument', `The type ${word} of tensor "${name}" is not known; expected one of ${Object.keys(elementBytes).join(', ')}.`);
  const expected = elementCount(shape) * elementBytes[dtype];
  if (bytes.length !== expected) throw new FescueError('invalid-argument', `Tensor "${name}" has ${bytes.length} bytes; ${observedContentType} takes ${expected}.`);
  return { name, dtype, shape, bytes };
}

/** Something for each entry of a line. */
export type EntryLists<Item> = { readonly inputs: Item[]; readonly outputs: Item[]; readonly auxiliaryInputs: Item[]; readonly auxiliaryOutputs: Item[] };

/** Does the same with each entry of a line, one after the other: the data of all could be too much at once. */
export async function mapEntries<Item>(line: CaptureLine, map: (entry: CaptureEntry) => Promise<Item>): Promise<EntryLists<Item>> {
  const mapAll = async (entries: readonly CaptureEntry[]): Promise<Item[]> => {
    const items: Item[] = [];
    for (const entry of entries) items.push(await map(entry));
    return items;
  };
  return {
    inputs: await mapAll(line.deviceFleetInputs),
    outputs: await mapAll(line.deviceFleetOutputs),
    auxiliaryInputs: await mapAll(line.deviceFleetAuxiliaryInputs),
    auxiliaryOutputs: await mapAll(line.deviceFleetAuxiliaryOutputs),
  };
}

/** Bytes of an entry's data as far as its line tells; undefined when only the object it refers to does. */
export function sizeOf({ data, encoding, observedContentType }: CaptureEntry): number | undefined {
  if (data !== undefined) return Buffer.byteLength(data, encoding === 'BASE64' ? 'base64' : 'utf8');
  const { dtype, shape = [] } = parseTensorContentType(observedContentType) ?? {};
  const bytes = dtype === undefined ? Number.NaN : elementCount(shape) * elementBytes[dtype];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
