import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { openRegularFile } from '../../../components/common/regular-file.ts';
import type { System } from './device-view.ts';
import { namesIn } from './files.ts';

const commandTimeoutMs = 5_000;
const headerBytes = 64;
const elfMark = 0x7f454c46;
/** The type of the section that names the versions of libraries a file needs (SHT_GNU_verneed). */
const neededVersions = 0x6fff_fffe;
const mostSectionBytes = 1024 ** 2;
const longestName = 128;

/** The C library of a machine. */
export type LibC = { readonly kind: 'glibc'; readonly version: string } | { readonly kind: 'musl' } | { readonly kind: 'unknown' };

export async function libC(system: System): Promise<LibC> {
  const { code, stdout } = await system.run(['getconf', 'GNU_LIBC_VERSION'], { timeoutMs: commandTimeoutMs });
  const version = code === 0 ? /^glibc (\d+\.\d+)/.exec(stdout)?.[1] : undefined;
  if (version !== undefined) return { kind: 'glibc', version };
  // A small system has no getconf.
  const own = system.glibc?.();
  if (own !== undefined) return { kind: 'glibc', version: own };
  const libraries = (await namesIn(join(system.base, 'lib'))) ?? [];
  return { kind: libraries.some((name) => name.startsWith('ld-musl-')) ? 'musl' : 'unknown' };
}

/** Of this process. */
export function ownGlibc(): string | undefined {
  // The names of the other ends of connections take long where there is no network.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}

/** Whether a version such as `2.36` is at least another one. */
export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/**
 * The newest version of glibc that a 64-bit little-endian ELF file names.
 *
 * @returns undefined when it needs none, or does not say
 */
export async function glibcNeededBy(path: string): Promise<string | undefined> {
  const file = await openRegularFile(path);
  try {
    const sections = await sectionsOf(file);
    const needs = sections.find(({ type }) => type === neededVersions);
    const names = needs === undefined ? undefined : sections[needs.link];
    if (needs === undefined || names === undefined) return undefined;
    const table = await readAt(file, needs.offset, Math.min(needs.size, mostSectionBytes));
    const versions: string[] = [];
    for (const name of nameOffsets(table)) {
      const [, version] = /^GLIBC_(\d+\.\d+)/.exec(await textAt(file, names.offset + name)) ?? [];
      if (version !== undefined) versions.push(version);
    }
    return versions.reduce<string | undefined>((newest, version) => (newest === undefined || isAtLeast(version, newest) ? version : newest), undefined);
  } finally {
    await file.close();
  }
}

type Section = { readonly type: number; readonly offset: number; readonly size: number; readonly link: number };

async function sectionsOf(file: FileHandle): Promise<Section[]> {
  const header = await readAt(file, 0, headerBytes);
  if (header.length < headerBytes || header.readUInt32BE(0) !== elfMark) return [];
  const [entryBytes, count] = [header.readUInt16LE(58), header.readUInt16LE(60)];
  if (entryBytes < 64) return [];
  const table = await readAt(file, Number(header.readBigUInt64LE(40)), entryBytes * count);
  return Array.from({ length: Math.floor(table.length / entryBytes) }, (_, index) => {
    const entry = table.subarray(index * entryBytes);
    return { type: entry.readUInt32LE(4), offset: Number(entry.readBigUInt64LE(24)), size: Number(entry.readBigUInt64LE(32)), link: entry.readUInt32LE(40) };
  });
}

/** Each library has a chain of versions (`Elf64_Verneed`, `Elf64_Vernaux`); links are relative, and 0 at the end. */
function nameOffsets(table: Buffer): number[] {
  const names: number[] = [];
  for (let library = 0, next = -1; next !== 0 && library + 16 <= table.length; library += next) {
    for (let version = library + table.readUInt32LE(library + 8), step = -1; step !== 0 && version + 16 <= table.length; version += step) {
      names.push(table.readUInt32LE(version + 8));
      step = table.readUInt32LE(version + 12);
    }
    next = table.readUInt32LE(library + 12);
  }
  return names;
}

async function textAt(file: FileHandle, position: number): Promise<string> {
  const bytes = await readAt(file, position, longestName);
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? 0 : end).toString('latin1');
}

/** What there is of it: nothing beyond the end of the file. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(position)) return Buffer.alloc(0);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
