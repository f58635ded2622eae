import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  const system = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(read(join(root, 'proc/meminfo')) ?? '')?.[1] ?? Infinity) * 1024;
  const groups = (read(join(root, 'proc/self/cgroup')) ?? '').trimEnd().split('\n');
  return Math.min(system, ...groups.flatMap((line) => groupRooms(root, line)));
}

/** The room left in a control group and in those around it; a line is `hierarchy:controllers:path`. */
function groupRooms(root: string, line: string): number[] {
  const [, controllers, path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
  const version = controllers === '' ? versions.two : controllers?.split(',').includes('memory') ? versions.one : undefined;
  if (version === undefined) return [];
  const top = join(root, version.mount);
  const rooms: number[] = [];
  // In a container the path may be the host's, of which only the mount point itself is there.
  for (let folder = join(top, path); folder.startsWith(top); folder = dirname(folder)) rooms.push(roomIn(folder, version));
  return rooms;
}

const versions = {
  one: { mount: 'sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', cache: /^total_(?:in)?active_file (\d+)$/gm },
  two: { mount: 'sys/fs/cgroup', limit: 'memory.max', usage: 'memory.current', cache: /^(?:in)?active_file (\d+)$/gm },
} as const;

function roomIn(folder: string, version: (typeof versions)[keyof typeof versions]): number {
  const limit = Number.parseInt(read(join(folder, version.limit)) ?? '', 10);
  const usage = Number.parseInt(read(join(folder, version.usage)) ?? '', 10);
  if (Number.isNaN(limit) || Number.isNaN(usage)) return Infinity;
  const cache = [...(read(join(folder, 'memory.stat')) ?? '').matchAll(version.cache)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
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

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A system without this control group, or one that hides it.
    return undefined;
  }
}
