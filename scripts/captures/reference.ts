import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import type { DataReference } from './capture-store.ts';

/** A `data-ref` taken apart; `path` is absolute and without dots. */
export type ParsedReference = { readonly kind: 'file'; readonly path: string } | { readonly kind: 's3'; readonly bucket: string; readonly key: string };

/** @throws FescueError `invalid-argument` when it is neither `file:///path` nor `s3://bucket/key` */
export function parseReference(reference: string): ParsedReference {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(reference) ?? [];
  if (reference.includes('\0') || (key === undefined && reference.includes('%00'))) throw noReference(reference, 'it holds a NUL');
  if (bucket !== undefined && key !== undefined) return { kind: 's3', bucket, key };
  if (!reference.startsWith('file:')) throw noReference(reference, 'it begins otherwise');
  try {
    return { kind: 'file', path: fileURLToPath(reference) };
  } catch (error) {
    throw noReference(reference, messageOf(error));
  }
}

/** The key of what a reference names when a store was copied: under the same `raw-data/…` beside the object with the line. */
export function keyBeside(parsed: ParsedReference, from: string): string | undefined {
  const segments = (parsed.kind === 'file' ? parsed.path : parsed.key).split('/');
  const start = segments.lastIndexOf('raw-data');
  if (start === -1 || segments.some((segment) => segment === '..' || segment === '.')) return undefined;
  return posix.join(posix.dirname(from), ...segments.slice(start));
}

/** What a store throws for a reference to somewhere else. */
export function leadsOutside({ reference, from }: DataReference, store: string): FescueError {
  return new FescueError('invalid-argument', `${from} refers to ${reference}, which is outside of ${store}, and there is nothing of that name in raw-data beside it. Name the folder or bucket that holds all of the captured data.`);
}

function noReference(reference: string, problem: string): FescueError {
  return new FescueError('invalid-argument', `${JSON.stringify(reference.slice(0, 200))} is no reference to data: expected file:///path or s3://bucket/key, but ${problem}.`);
}
