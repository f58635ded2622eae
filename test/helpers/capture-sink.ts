import type { Capture } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import type { CaptureSink } from '../../components/inference/capture-sender.ts';

export type Answer = 'take' | 'refuse' | 'wait';

/** A sink that answers as it is told, and the captures it got. One that waits does so until `answer` or the end. */
export function captureSink(how: () => Answer = () => 'take'): CaptureSink & { captures: Capture[]; answer: () => void; closed: () => boolean } {
  const captures: Capture[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  let closed = false;
  return {
    captures,
    closed: () => closed,
    answer: () => waiting.shift()?.resolve(),
    async capture(capture) {
      captures.push(capture);
      const answer = how();
      if (answer === 'refuse') throw new FescueError('resource-exhausted', 'The buffer is full.');
      if (answer === 'take') return;
      const end = Promise.withResolvers<void>();
      waiting.push(end);
      await end.promise;
    },
    close() {
      closed = true;
      for (const end of waiting.splice(0)) end.reject(new FescueError('unavailable', 'The client was closed.'));
    },
  };
}
