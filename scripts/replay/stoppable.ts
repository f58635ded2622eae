import { FescueError } from '../../components/common/errors.ts';
import type { CaptureStore } from '../captures/capture-store.ts';

/** @throws FescueError `cancelled` when the signal is aborted */
export function checkGoesOn(signal: AbortSignal): void {
  if (signal.aborted) throw new FescueError('cancelled', 'The replay was ended.');
}

/** A store that gives nothing more when the signal is aborted, so that a long search ends as well. */
export function stoppable(store: CaptureStore, signal: AbortSignal): CaptureStore {
  return {
    name: store.name,
    async *objects(skips) {
      for await (const object of store.objects(skips)) {
        checkGoesOn(signal);
        yield object;
      }
    },
    read: async (key) => {
      checkGoesOn(signal);
      return store.read(key);
    },
    readReference: async (reference) => {
      checkGoesOn(signal);
      return store.readReference(reference);
    },
  };
}
