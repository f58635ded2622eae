import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FescueError } from '../common/errors.ts';
import { manifestFileName, parseManifest } from '../common/model-manifest.ts';

/**
 * What a worker takes while it loads a model, measured with weights of 0, 25, 100 and 400 MB: Node and ONNX Runtime,
 * and the weights twice, in the file's form and in the runtime's.
 */
const workerBytes = 64e6;
const bytesPerModelByte = 2;
const largestManifest = 1e6;

/**
 * Refuses a model that this device has no room for now, rather than have the kernel end the agent or something else.
 *
 * @param path the model package or file; one that is not there is for the worker to report
 * @throws FescueError `resource-exhausted`
 */
export function checkMemory(alias: string, path: string, instances: number, available = availableBytes()): void {
  const needed = instances * (workerBytes + bytesPerModelByte * sizeOf(path));
  if (needed <= available) return;
  const workers = instances === 1 ? 'a worker' : `${instances} workers`;
  throw new FescueError('resource-exhausted', `Model "${alias}" needs about ${megabytes(needed)} for ${workers} while it loads, and ${megabytes(available)} are available. Unload another model, lower Instances, or raise the memory limit.`);
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
function sizeOf(path: string): number {
  try {
    const status = statSync(path);
    if (!status.isDirectory()) return status.size;
    const manifest = join(path, manifestFileName);
    const listing = statSync(manifest);
    // Reading a pipe here would hold up the whole agent.
    if (!listing.isFile() || listing.size > largestManifest) return 0;
    const { files } = parseManifest(readFileSync(manifest, 'utf8'), manifest);
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

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
