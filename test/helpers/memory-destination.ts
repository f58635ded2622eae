import type { CaptureObject } from '../../components/agent/capture/captured-objects.ts';
import { checkKey, type Destination } from '../../components/agent/capture/destination.ts';

export type MemoryDestination = Destination & {
  readonly objects: Map<string, Buffer>;
  /** Asked before each object is taken; what it throws or rejects with is the destination's failure. */
  before: (object: CaptureObject, signal: AbortSignal) => unknown;
};

/** A destination in memory. */
export function memoryDestination(): MemoryDestination {
  const objects = new Map<string, Buffer>();
  const destination: MemoryDestination = {
    name: 'memory',
    objects,
    before: () => undefined,
    urlOf: (key) => `memory:/${key}`,
    async put(object, signal) {
      checkKey(object.key);
      signal.throwIfAborted();
      await destination.before(object, signal);
      objects.set(object.key, Buffer.from(object.body));
    },
  };
  return destination;
}
