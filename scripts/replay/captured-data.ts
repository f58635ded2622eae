import { parseTensorContentType, type CaptureEntry } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { describeTensor, elementBytes, elementCount, type Tensor } from '../../components/common/tensor.ts';
import type { CaptureStore, FoundCapture } from '../captures/capture-store.ts';

/** Where entries of a capture that have a `data-ref` find their data. */
export type Source = { readonly store: Pick<CaptureStore, 'readReference'>; readonly key: FoundCapture['key'] };

/** The bytes of an entry, from its line or from an object of their own. @throws FescueError when there are none */
export async function entryBytes(entry: CaptureEntry, { store, key }: Source): Promise<Buffer> {
  const reference = entry['data-ref'];
  if (reference !== undefined) {
    const stored = await store.readReference({ reference, from: key });
    return entry.encoding === 'BASE64' ? fromBase64(entry, stored.toString('latin1')) : stored;
  }
  if (entry.data === undefined) throw broken(entry, 'it has neither data nor data-ref');
  return entry.encoding === 'BASE64' ? fromBase64(entry, entry.data) : Buffer.from(entry.data);
}

function fromBase64(entry: CaptureEntry, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  // Buffer.from ends at the first character that is none of base64's.
  if (Math.ceil((bytes.length * 4) / 3) !== text.replace(/[=\s]+/g, '').length) throw broken(entry, 'its data is no base64');
  return bytes;
}

/** The tensor of an entry. @throws FescueError when it is none, or its data is missing, cut off or not to be read */
export async function entryTensor(entry: CaptureEntry, source: Source): Promise<Tensor> {
  const type = parseTensorContentType(entry.observedContentType);
  if (type === undefined) throw broken(entry, `expected the content type Tensor[type; axes], got ${JSON.stringify(entry.observedContentType.slice(0, 100))}`);
  const { dtype, word, shape } = type;
  if (dtype === undefined) throw broken(entry, `its type ${word.slice(0, 100)} is not known`);
  if (entry.encoding === 'CSV' || entry.encoding === 'JSON') throw broken(entry, `a tensor is read from bytes, not from ${entry.encoding}`);
  const bytes = await entryBytes(entry, source);
  const expected = elementCount(shape) * elementBytes[dtype];
  if (bytes.length !== expected) throw broken(entry, `as ${describeTensor({ dtype, shape })} it takes ${expected} bytes, got ${bytes.length}`);
  return { name: entry.name, dtype, shape, bytes };
}

function broken(entry: CaptureEntry, problem: string): FescueError {
  return new FescueError('invalid-argument', `"${entry.name.slice(0, 100)}": ${problem}`);
}
