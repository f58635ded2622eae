/**
 * `npm run test:greengrass`: the life of the bundle on a device's own nucleus, the classic one that runs in GG_ROOT. What
 * it deploys, it removes. Where something is missing for that it says so and succeeds. With a path as argument, writes
 * `{"passed": n, "failed": n}` there.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSuites } from '../helpers/run-suites.ts';
import { missingAt } from './requirements.ts';

const folder = mkdtempSync(join(tmpdir(), 'fescue-greengrass-'));
const [resultsFile] = process.argv.slice(2);

try {
  const missing = await missingAt(process.env['GG_ROOT']);
  if (missing !== undefined) process.stdout.write(`Greengrass tests skipped: ${missing}\n`);
  const counts = missing === undefined ? await runSuites({ config: 'test/greengrass/vitest.config.ts', results: join(folder, 'results.json'), environment: {} }) : { passed: 0, failed: 0 };
  if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
  if (counts.failed > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
