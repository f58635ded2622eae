import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../components/common/errors.ts';

export type Counts = { passed: number; failed: number };

export type PythonSuite = {
  /** What it is called when it is skipped. */
  readonly name: string;
  /** The requirements file of what it takes from PyPI. */
  readonly requirements: string;
  /** Runs it with the Python that has these packages; the folder is removed afterwards. */
  readonly run: (python: string, folder: string) => Promise<Counts>;
};

/**
 * Runs a suite that needs packages from PyPI. Where Python or PyPI is missing it says so and succeeds. With a path as
 * argument of the process, writes `{"passed": n, "failed": n}` there.
 */
export async function runPythonSuite({ name, requirements, run }: PythonSuite): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fescue-python-'));
  const [resultsFile] = process.argv.slice(2);
  try {
    const { python, missing } = installPython(folder, requirements);
    if (missing !== undefined) process.stdout.write(`${name} skipped: ${missing}\n`);
    // Suites that could not run count as one that failed.
    const counts = missing !== undefined ? { passed: 0, failed: 0 } : await run(python, folder).catch(failed);
    if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
    if (counts.failed > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a Python with packages from PyPI in a folder. @returns it, and what is missing on this machine for it to run */
export function installPython(folder: string, requirements: string): { python: string; missing?: string } {
  const python = join(folder, 'venv/bin/python');
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', join(folder, 'venv')]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]],
  ];
  for (const [program, args] of steps) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) return { python, missing: `${program} ${args.slice(0, 3).join(' ')}: ${error === undefined ? stderr.trim().split('\n').at(-1) : messageOf(error)}` };
  }
  return { python };
}

function failed(error: unknown): Counts {
  process.stderr.write(`${messageOf(error)}\n`);
  return { passed: 0, failed: 1 };
}
