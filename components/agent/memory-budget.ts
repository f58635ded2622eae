import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { controlGroups, readText, type ControlGroup } from '../common/control-groups.ts';
import { manifestFileName, parseManifest } from '../common/model-manifest.ts';
import { readRegularFile } from '../common/regular-file.ts';

/**
 * What a worker takes while it loads a model, measured with weights of 0, 25, 100 and 400 MB: Node and ONNX Runtime,
 * and the weights twice, in the file's form and in the runtime's.
 */
const workerBytes = 64e6;
const bytesPerModelByte = 2;
const largestManifest = 1e6;

/**
 * The memory the workers of a model take while they load it.
 *
 * @param path the model package or file; one that is not there, or is none, is for the worker to report
 */
export async function memoryNeeded(path: string, instances: number): Promise<number> {
  return instances * (workerBytes + bytesPerModelByte * (await sizeOf(path)));
}

/**
 * The memory this process and its workers may still take: what the system has, or less where a control group limits it.
 * The page cache counts as available, for the kernel gives it up.
 *
 * @param root where `/proc` and `/sys` are, for tests
 */
export function availableBytes(root = '/'): number {
  const system = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readText(join(root, 'proc/meminfo')) ?? '')?.[1] ?? Infinity) * 1024;
  return Math.min(system, ...controlGroups('memory', root).map(roomIn));
}

const files = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', cache: /^total_(?:in)?active_file (\d+)$/gm },
  2: { limit: 'memory.max', usage: 'memory.current', cache: /^(?:in)?active_file (\d+)$/gm },
} as const;

/** Infinity without a limit. */
function roomIn({ version, folder }: ControlGroup): number {
  const names = files[version];
  const limit = Number.parseInt(readText(join(folder, names.limit)) ?? '', 10);
  const usage = Number.parseInt(readText(join(folder, names.usage)) ?? '', 10);
  if (Number.isNaN(limit) || Number.isNaN(usage)) return Infinity;
  const cache = [...(readText(join(folder, 'memory.stat')) ?? '').matchAll(names.cache)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  return Math.max(0, limit - usage + cache);
}

/** Bytes of the model file, or of the files a package's manifest lists; 0 for anything else, which will not load. */
async function sizeOf(path: string): Promise<number> {
  try {
    const status = await stat(path);
    if (!status.isDirectory()) return status.size;
    const manifest = join(path, manifestFileName);
    const { files } = parseManifest((await readRegularFile(manifest, largestManifest)).toString('utf8'), manifest);
    return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  } catch {
    // The worker looks closer, and says what is wrong.
    return 0;
  }
}
