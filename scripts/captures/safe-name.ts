import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { CaptureEntry } from '../../components/common/capture-format.ts';
import type { FoundCapture } from './capture-store.ts';

/** A name for a file or folder out of any text: letters, digits, dots, dashes and underscores, not hidden, at most 64. */
export function safeName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/[.-]{2,}/g, '-').slice(0, 64).replace(/^[.-]+|[.-]+$/g, '');
  return name === '' ? 'unnamed' : name;
}

/** The name of a capture's folder: its id made safe, and a hash that tells it from others with this id, wherever the store was opened. */
export function captureName({ line: { eventMetadata: event }, key, lineNumber }: FoundCapture): string {
  const identity = JSON.stringify([event.deviceFleetName, event.deviceId, event.modelName, event.eventId, posix.basename(key), lineNumber]);
  return `${safeName(event.eventId)}-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`;
}

/** The extension of a file with auxiliary data: the content word, if it can be one. */
export function extensionOf({ observedContentType, encoding }: CaptureEntry): string {
  const [, word] = /^(?:image\/)?([A-Za-z0-9]{1,8})$/.exec(observedContentType) ?? [];
  return word?.toLowerCase() ?? (encoding === 'JSON' ? 'json' : encoding === 'CSV' ? 'csv' : 'bin');
}

/** Gives each file of a folder a name of its own, also where letters do not differ by case. */
export function uniqueNames(taken: readonly string[]): (name: string, extension: string) => string {
  const given = new Set(taken);
  return (name, extension) => {
    const safe = safeName(name);
    const stem = safe.toLowerCase().endsWith(`.${extension}`) ? safe.slice(0, -extension.length - 1) : safe;
    for (let count = 1; ; count += 1) {
      const file = `${stem}${count === 1 ? '' : `-${count}`}.${extension}`;
      if (given.has(file.toLowerCase())) continue;
      given.add(file.toLowerCase());
      return file;
    }
  };
}
