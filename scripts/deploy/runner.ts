import { FescueError } from '../../components/common/errors.ts';
import { type Architecture, architectures } from '../packaging/recipes.ts';
import type { Argv, Finished, ProcessOptions } from './run-process.ts';

/** Recipes and artifacts, as absolute paths of where the commands run. */
export type Folders = { readonly recipeDir: string; readonly artifactDir: string };

/** Where the commands of a deployment run: on this machine, or on another over ssh. */
export type Runner = {
  /** `user@host`, undefined for this machine. */
  readonly host: string | undefined;
  run(argv: Argv, options?: ProcessOptions): Promise<Finished>;
  /** The line a person would type here to run the same. */
  shown(argv: Argv): string;
  /** Brings the folders to where the commands run. @returns where they are then */
  send(folders: Folders): Promise<Folders>;
  /** The lines of `send`, and where the folders would be. */
  sending(folders: Folders): Promise<{ lines: readonly string[]; folders: Folders }>;
  /** Ends what is kept open between commands. */
  close(): Promise<void>;
};

/**
 * The architecture of the machine where the commands run, in Greengrass's word.
 *
 * @throws FescueError `failed-precondition` when Fescue has no runtime for it
 */
export async function architectureOf(runner: Runner): Promise<Architecture> {
  const { stdout } = await mustRun(runner, ['sh', '-c', 'uname -m && getconf LONG_BIT']);
  return parseArchitecture(stdout, runner.host ?? 'this machine');
}

/** @param text what `uname -m` and `getconf LONG_BIT` print */
export function parseArchitecture(text: string, subject: string): Architecture {
  const [machine = '', bits] = text.trim().split('\n');
  const architecture = { x86_64: 'amd64', aarch64: 'aarch64', arm64: 'aarch64' }[machine];
  if (architecture !== undefined && isArchitecture(architecture) && bits !== '32') return architecture;
  const what = bits === '32' && architecture !== undefined ? `${machine} with a 32-bit system` : machine;
  throw new FescueError('failed-precondition', `${subject} is ${what}, for which there is no runtime: expected x86-64 or 64-bit ARM Linux. Install a 64-bit system there.`);
}

function isArchitecture(text: string): text is Architecture {
  return Object.hasOwn(architectures, text);
}

/** Runs a command that has to succeed. @throws FescueError `failed-precondition` with what it printed when it does not */
export async function mustRun(runner: Runner, argv: Argv, options?: ProcessOptions): Promise<Finished> {
  const finished = await runner.run(argv, options);
  if (finished.code === 0) return finished;
  throw new FescueError('failed-precondition', `${runner.shown(argv)} failed with exit code ${finished.code}: ${lastLine(finished.stderr) || 'it printed no reason'}. Run it by hand to see more.`);
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
