import { onNucleusGone } from './nucleus-gone.ts';
import { isGreengrassComponent } from './greengrass-ipc.ts';

/** A signal, or the end of the nucleus that started this process. */
export type StopCause = 'SIGTERM' | 'SIGINT' | 'nucleus-gone';

export type StopRequest = {
  /** Resolves with the first of them. */
  readonly cause: Promise<StopCause>;
  /** Aborted by it. */
  readonly signal: AbortSignal;
};

/** Waits for what asks this process to stop in order. */
export function stopRequest(environment: NodeJS.ProcessEnv): StopRequest {
  const controller = new AbortController();
  const { promise: cause, resolve } = Promise.withResolvers<StopCause>();
  const stop = (because: StopCause): void => {
    resolve(because);
    controller.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  if (isGreengrassComponent(environment)) onNucleusGone(() => stop('nucleus-gone'));
  return { cause, signal: controller.signal };
}

/** How a log tells the cause. */
export function causeInWords(cause: StopCause): string {
  return cause === 'nucleus-gone' ? 'the nucleus that started this process is gone: it closed standard input' : cause;
}
