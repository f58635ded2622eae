/**
 * `npm run test:s3`: captures to an S3 server that others wrote, moto from PyPI. Where Python or PyPI is missing it says
 * so and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { withMoto } from '../helpers/moto.ts';
import { runPythonSuite, type Counts } from '../helpers/python-suite.ts';

await runPythonSuite({ name: 'S3 interop', requirements: inCheckout('test/s3/requirements.txt'), run: runSuites });

function runSuites(python: string, folder: string): Promise<Counts> {
  return withMoto({ python, folder }, (endpoint) => runVitest(endpoint, join(folder, 'results.json')));
}

async function runVitest(endpoint: string, results: string): Promise<Counts> {
  const args = [inCheckout('node_modules/vitest/vitest.mjs'), 'run', '--config', inCheckout('test/s3/vitest.config.ts'), '--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const vitest = spawn(process.execPath, args, { cwd: inCheckout('.'), stdio: 'inherit', env: { ...process.env, FESCUE_TEST_S3_ENDPOINT: endpoint } });
  const [code] = (await once(vitest, 'exit')) as [number | null];
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(results, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  if (passed + failed === 0) throw new Error('the S3 suites ran no test');
  // A suite that could not even begin has no test that failed.
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}
