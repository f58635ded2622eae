import { join } from 'node:path';
import { greengrassRoot } from '../deploy/greengrass-target.ts';
import { withSudo } from '../deploy/privileges.ts';
import type { Argv, Finished, ProcessOptions } from '../deploy/run-process.ts';
import { lastLine, type Runner } from '../deploy/runner.ts';
import { componentNames } from '../packaging/recipes.ts';

/** How commands run on a device. */
export type Access = {
  readonly run: (argv: Argv, options?: ProcessOptions) => Promise<Finished>;
  /** Why it is not as root; undefined when it is. */
  readonly unprivileged: string | undefined;
};

/** A Node that was found, or what its `--version` said instead. */
export type FoundNode = { readonly program: string; readonly version: string };

const leastMajor = 20;
const liteRoot = '/var/lib/greengrass';
const lookTimeoutMs = 60_000;

/** As root where that asks no question, else as the user who logs in. @throws FescueError `unavailable` when there is no connection */
export async function accessTo(runner: Runner, options: ProcessOptions): Promise<Access> {
  const bounded = { timeoutMs: lookTimeoutMs, ...options };
  const { stdout } = await runner.run(['id', '-u'], bounded);
  if (stdout.trim() === '0') return { run: runner.run.bind(runner), unprivileged: undefined };
  const { code, stderr } = await runner.run(withSudo(['true'], false), bounded);
  if (code !== 0) return { run: runner.run.bind(runner), unprivileged: lastLine(stderr) || `sudo ended with ${code}` };
  return { run: async (argv, given) => runner.run(withSudo(argv, false), given), unprivileged: undefined };
}

/** Prints each program that is there with its version, or with what it says instead. */
const lookScript = 'for program in "$(command -v node)" "$@"; do [ -e "$program" ] && printf "%s\\t%s\\n" "$program" "$("$program" --version 2>&1 | head -n 1)"; done; exit 0';

/** The Nodes of a device, that of the components last: their user may write it, and root may be who runs it. @param root of its Greengrass; without one, the usual ones */
export async function nodesOn({ run }: Access, root: string | undefined, options: ProcessOptions): Promise<FoundNode[]> {
  const roots = root === undefined ? [greengrassRoot, liteRoot] : [root];
  const own = roots.map((one) => join(one, 'work', componentNames.runtime, 'bin/node'));
  const { stdout } = await run(['sh', '-c', lookScript, 'sh', ...own], { timeoutMs: lookTimeoutMs, ...options });
  return stdout.split('\n').flatMap((line) => {
    const [program, version = ''] = line.split('\t');
    return program?.startsWith('/') === true ? [{ program, version: version.trim() }] : [];
  });
}

export function isFit({ version }: FoundNode): boolean {
  return Number(/^v(\d+)\.\d+\.\d+/.exec(version)?.[1] ?? 0) >= leastMajor;
}
