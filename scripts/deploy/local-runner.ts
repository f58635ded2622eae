import { runProcess } from './run-process.ts';
import { shellQuote } from './quote.ts';
import type { Runner } from './runner.ts';

/** Runs commands on this machine. */
export function localRunner(): Runner {
  return {
    host: undefined,
    run: runProcess,
    shown: shellQuote,
    send: async (folders) => folders,
    sending: async (folders) => ({ lines: [], folders }),
    close: async () => undefined,
  };
}
