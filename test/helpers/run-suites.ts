import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import type { Counts } from './python-suite.ts';

/**
 * Runs vitest suites that `npm test` does not know.
 *
 * @param options.config of vitest, in the checkout
 * @param options.results file for what vitest counts
 * @param options.environment what the suites have to know, besides the environment of this process
 */
export async function runSuites({ config, results, environment }: { config: string; results: string; environment: Readonly<Record<string, string>> }): Promise<Counts> {
  const args = [inCheckout('node_modules/vitest/vitest.mjs'), 'run', '--config', inCheckout(config), '--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const vitest = spawn(process.execPath, args, { cwd: inCheckout('.'), stdio: 'inherit', env: { ...process.env, ...environment } });
  const [code] = (await once(vitest, 'exit')) as [number | null];
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(results, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  if (passed + failed === 0 && code === 0) throw new Error(`the suites of ${config} ran no test`);
  // A suite that could not even begin has no test that failed.
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}
