import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { makePipe } from '../helpers/make-pipe.ts';
import { bundledLibraries, copyLibrary, mappedLibraries, overwrite } from '../helpers/onnx-library.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useAgent, type RunningAgent } from '../helpers/use-agent.ts';

async function useAgentWith(folder: string, library: string, args: string[] = []): Promise<RunningAgent> {
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [2] }]));
  return useAgent({ folder, args: ['--onnx-runtime-library', library, ...args] });
}

function mappedByWorkers(agent: RunningAgent): string[][] {
  return agent.workers().map(mappedLibraries).filter((paths) => paths.length > 0);
}

const bundledLibrary = join(bundledLibraries, 'libonnxruntime.so.1');
const bundledBinding = join(bundledLibraries, 'onnxruntime_binding.node');

describe('a library of one\'s own', () => {
  test('is what the workers use, and the bundled one is not', async () => {
    const folder = await temporaryFolder();
    const library = await copyLibrary(folder);
    const agent = await useAgentWith(folder, 'own/libonnxruntime.so.1', ['--instances', '2']);
    await agent.client.loadModel('tiny.onnx', 'a');
    const input = Buffer.from(Float32Array.of(1, 2).buffer);
    const [output] = await agent.client.predict('a', [{ bytes: input }]);
    expect(Buffer.from(output?.bytes ?? []).equals(input)).toBe(true);
    expect(mappedByWorkers(agent)).toEqual([[library, bundledBinding].toSorted(), [library, bundledBinding].toSorted()]);
  });

  test('brings a binding of its own, where one lies beside it', async () => {
    const folder = await temporaryFolder();
    const library = await copyLibrary(folder);
    const binding = join(dirname(library), 'onnxruntime_binding.node');
    await copyFile(bundledBinding, binding);
    const agent = await useAgentWith(folder, library);
    await agent.client.loadModel('tiny.onnx', 'a');
    expect(await agent.client.predict('a', [{ bytes: new Uint8Array(8) }])).toHaveLength(1);
    expect(mappedByWorkers(agent)).toEqual([[library, binding].toSorted()]);
  });

  test('may be the bundled one', async () => {
    const agent = await useAgentWith(await temporaryFolder(), bundledLibrary);
    await agent.client.loadModel('tiny.onnx', 'a');
    expect(mappedByWorkers(agent)).toEqual([[bundledLibrary, bundledBinding].toSorted()]);
  });
});

describe('a library that cannot be used', () => {
  const other = process.arch === 'x64' ? 'arm64' : 'x64';
  const stem = '.so.1';
  test.each([
    ['is not there', async () => undefined, /ENOENT/],
    ['is text', async (path: string) => writeFile(path, 'LIBRARY_PATH=/usr/lib'.repeat(10)), /is no ELF file/],
    ['is empty', async (path: string) => writeFile(path, ''), /is no ELF file/],
    ['is a pipe', async (path: string) => makePipe(path), /is no regular file/],
    ['is cut off', async (path: string) => void (await copyLibrary(dirname(dirname(path)), (bytes) => bytes.subarray(0, bytes.length / 2))), /is cut off/],
    ['is for another machine', async (path: string) => copyFile(join(dirname(bundledLibraries), other, 'libonnxruntime.so.1'), path), new RegExp(`is for ${other}, and this is ${process.arch}`)],
    ['is another library', async (path: string) => copyFile(bundledBinding.replace(/onnxruntime-node.*/, `@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`), path), /OrtGetApiBase|undefined symbol/],
    ['has another version', async (path: string) => void (await copyLibrary(dirname(dirname(path)), (bytes) => overwrite(bytes, '\x001.30.0\x00', '\x001.29.0\x00'))), /it is version 1\.29\.0/],
    ['has another name inside', async (path: string) => void (await copyLibrary(dirname(dirname(path)), (bytes) => overwrite(bytes, `libonnxruntime${stem}`, `libonnxruntimX${stem}`))), /SONAME/],
  ])('%s: LoadModel says so, nothing else is loaded in its place, and the agent goes on', async (_, prepare, reason) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'own/libonnxruntime.so.1');
    await mkdir(dirname(path));
    await prepare(path);
    const agent = await useAgentWith(folder, path);
    const failure = await agent.client.loadModel('tiny.onnx', 'a').catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'failed-precondition' });
    expect(String(failure)).toMatch(reason);
    expect(String(failure)).toMatch(/OnnxRuntimeLibrary .*own\/libonnxruntime\.so\.1 cannot be used.*Expected ONNX Runtime 1\.\d+\.\d+ for linux\//);
    expect(mappedByWorkers(agent)).toEqual([]);
    expect(await agent.client.listModels()).toEqual([]);
    expect(agent.output()).not.toContain('restarting');
  });
});
