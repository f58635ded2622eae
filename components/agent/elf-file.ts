import { openRegularFile } from '../common/regular-file.ts';

/** ELF's numbers for what this agent runs on. */
const machines: Readonly<Record<number, string>> = { 3: 'x86', 40: 'arm', 62: 'x64', 183: 'arm64' };
const headerBytes = 64;
/** ELF's types of files, and what one of another type is told to be. */
const kinds = {
  library: { types: [3], otherwise: 'is no shared library' },
  // Programs that may be loaded anywhere have the type of a library.
  program: { types: [2, 3], otherwise: 'is no program' },
} as const;
const loadedSegment = 1;

/**
 * Why a file cannot be a shared library of this machine, to follow its name: `is cut off`. Looked at before it is loaded,
 * because a file that ends too early kills the process that loads it.
 *
 * @returns undefined when its headers are right
 * @throws system errors such as ENOENT, and FescueError `failed-precondition` for what is no regular file
 */
export async function sharedLibraryProblem(path: string, arch: string = process.arch): Promise<string | undefined> {
  return elfProblem(path, { arch, kind: 'library' });
}

/** The same for a program. */
export async function programProblem(path: string, arch: string = process.arch): Promise<string | undefined> {
  return elfProblem(path, { arch, kind: 'program' });
}

async function elfProblem(path: string, { arch, kind }: { arch: string; kind: keyof typeof kinds }): Promise<string | undefined> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    const header = await readAt(0, headerBytes);
    if (header.length < headerBytes || header.readUInt32BE(0) !== 0x7f454c46) return 'is no ELF file';
    if (header[4] !== 2 || header[5] !== 1) return 'is not for a 64-bit little-endian machine';
    if (!kinds[kind].types.some((type) => type === header.readUInt16LE(16))) return kinds[kind].otherwise;
    const machine = machines[header.readUInt16LE(18)] ?? `machine ${header.readUInt16LE(18)}`;
    if (machine !== arch) return `is for ${machine}, and this is ${arch}`;
    const tableAt = header.readBigUInt64LE(32);
    const entryBytes = header.readUInt16LE(54);
    const tableBytes = entryBytes * header.readUInt16LE(56);
    if (tableAt + BigInt(tableBytes) > BigInt(size)) return 'is cut off';
    return isWhole(await readAt(Number(tableAt), tableBytes), { entryBytes, size }) ? undefined : 'is cut off';
  } finally {
    await file.close();
  }

  async function readAt(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }
}

/** Whether all that is to be loaded, by the table of segments, is in the file. */
function isWhole(table: Buffer, { entryBytes, size }: { entryBytes: number; size: number }): boolean {
  if (entryBytes < 56 || table.length === 0) return false;
  for (let at = 0; at + entryBytes <= table.length; at += entryBytes) {
    const end = table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32);
    if (table.readUInt32LE(at) === loadedSegment && end > BigInt(size)) return false;
  }
  return true;
}
