import type { CaptureEntry, CaptureLine } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { readEntry, type EntrySource } from '../captures/entry-data.ts';

const imageType = /^(?:image\/)?(?:jpe?g|png|webp)$/i;

/** The image that went along with the inputs of a capture, by what its sender called it. */
export function imageEntry({ deviceFleetAuxiliaryInputs: entries }: CaptureLine): CaptureEntry | undefined {
  return entries.find(({ observedContentType }) => imageType.test(observedContentType));
}

/** @throws FescueError when it cannot be read, or is no JPEG, PNG or WebP whatever it is called */
export async function imageBytes(entry: CaptureEntry, source: EntrySource): Promise<Buffer> {
  const bytes = await readEntry(entry, source);
  // Other formats may have whoever decodes them open files.
  if (!isPicture(bytes)) throw new FescueError('invalid-argument', `"${entry.name.slice(0, 100)}": expected a JPEG, PNG or WebP image, got something else`);
  return bytes;
}

function isPicture(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12);
  return start.startsWith('\xff\xd8\xff') || start.startsWith('\x89PNG\r\n\x1a\n') || /^RIFF.{4}WEBP$/s.test(start);
}
