import { destination, pino, type Logger } from 'pino';

export type { Logger };
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * A logger that writes one JSON line per event: `{"level":"info","time":"…","component":"…","msg":"…"}` and the
 * event's own fields. Lines are written at once, so that none is missing after a crash.
 *
 * @param options.component name of the process in each line
 * @param options.fd asked for each line: 1 (stdout, which Greengrass logs as information) or 2 where stdout carries results
 */
export function createLogger(options: { component: string; level: LogLevel; fd?: () => 1 | 2 }): Logger {
  const streams = { 1: destination({ fd: 1, sync: true }), 2: destination({ fd: 2, sync: true }) };
  const { fd } = options;
  return pino(
    {
      base: { component: options.component },
      level: options.level,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    fd === undefined ? streams[1] : { write: (line: string) => streams[fd()].write(line) },
  );
}
