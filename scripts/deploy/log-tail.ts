import { FescueError } from '../../components/common/errors.ts';
import { readableLogLine } from './log-line.ts';
import { refusePassword } from './privileges.ts';
import type { Argv } from './run-process.ts';
import { lastLine, type Runner } from './runner.ts';
import type { LogOptions } from './target.ts';

/** A log file, and what puts sudo in front of a command when the file takes it. */
export type LogFileSource = { readonly runner: Runner; readonly path: string; readonly privileged: (argv: Argv) => Argv };

/**
 * The lines of a log file. Followed by its name, it is read on in the new file when a nucleus renames the full one.
 *
 * @throws FescueError `not-found` when there is no such file
 */
export async function tailFile(source: LogFileSource, options: LogOptions): Promise<void> {
  const { runner, path } = source;
  const readable = (await runner.run(['test', '-r', path])).code === 0;
  if (!readable) await checkThere(source);
  const argv: Argv = ['tail', `--lines=${options.lines}`, ...(options.follow ? ['--follow=name', '--retry'] : []), '--', path];
  const finished = await runner.run(readable ? argv : source.privileged(argv), { onLine: (line) => options.onLine(readableLogLine(line)), ...(options.signal && { signal: options.signal }) });
  if (finished.code !== 0 && options.signal?.aborted !== true) throw notReadable(path, lastLine(finished.stderr));
}

async function checkThere({ runner, path, privileged }: LogFileSource): Promise<void> {
  const finished = await runner.run(privileged(['test', '-e', path]));
  refusePassword(finished, `Reading ${path}`, 'Run this as root, or allow tail and test in sudoers without a password.');
  if (finished.code !== 0) throw notReadable(path, 'there is no such file');
}

function notReadable(path: string, reason: string): FescueError {
  return new FescueError('not-found', `${path} cannot be read: ${reason}. A component has a log from its first start on; \`fescue deploy --status\` lists the components.`);
}
