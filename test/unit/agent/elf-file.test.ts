import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sharedLibraryProblem } from '../../../components/agent/elf-file.ts';
import { bundledLibraries } from '../../helpers/onnx-library.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** A shared library for x64 with one segment of 16 bytes; `change` may spoil it. */
function library(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(64 + 56 + 16);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes.set([2, 1, 1], 4);
  bytes.writeUInt16LE(3, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(1, 64);
  bytes.writeBigUInt64LE(120n, 72);
  bytes.writeBigUInt64LE(16n, 96);
  change(bytes);
  return bytes;
}

async function problemOf(content: Uint8Array): Promise<string | undefined> {
  const path = join(await temporaryFolder(), 'library.so');
  await writeFile(path, content);
  return sharedLibraryProblem(path, 'x64');
}

describe('a shared library', () => {
  test('of this machine has no problem', async () => {
    expect(await sharedLibraryProblem(join(bundledLibraries, 'libonnxruntime.so.1'))).toBeUndefined();
    expect(await problemOf(library())).toBeUndefined();
  });

  test.each([
    ['text', Buffer.from('#!/bin/sh\n'.repeat(20)), 'is no ELF file'],
    ['too little', library().subarray(0, 63), 'is no ELF file'],
    ['of 32 bits', library((bytes) => void bytes.writeUInt8(1, 4)), 'is not for a 64-bit little-endian machine'],
    ['a program', library((bytes) => void bytes.writeUInt16LE(2, 16)), 'is no shared library'],
    ['for arm64', library((bytes) => void bytes.writeUInt16LE(183, 18)), 'is for arm64, and this is x64'],
    ['for a machine without a name here', library((bytes) => void bytes.writeUInt16LE(243, 18)), 'is for machine 243, and this is x64'],
    ['without its last byte', library().subarray(0, -1), 'is cut off'],
    ['without its table', library().subarray(0, 70), 'is cut off'],
    ['with a segment far away', library((bytes) => void bytes.writeBigUInt64LE(2n ** 63n, 72)), 'is cut off'],
    ['with a table far away', library((bytes) => void bytes.writeBigUInt64LE(2n ** 62n, 32)), 'is cut off'],
  ])('%s', async (_, content, problem) => {
    expect(await problemOf(content)).toBe(problem);
  });

  test('of any content gets an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(135), fc.nat(255)), { maxLength: 12 }), async (changes) => {
        const problem = await problemOf(library((bytes) => changes.forEach(([at, value]) => void bytes.writeUInt8(value, at))));
        expect([undefined, 'string']).toContain(problem === undefined ? undefined : typeof problem);
      }),
      { numRuns: 200 },
    );
  });
});
