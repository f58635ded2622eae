/**
 * `npm run test:s3`: captures to an S3 server that others wrote, moto from PyPI. Where Python or PyPI is missing it says
 * so and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { join } from 'node:path';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { withMoto } from '../helpers/moto.ts';
import { runPythonSuite, type Counts } from '../helpers/python-suite.ts';
import { runSuites } from '../helpers/run-suites.ts';

await runPythonSuite({ name: 'S3 interop', requirements: inCheckout('test/s3/requirements.txt'), run: runMoto });

function runMoto(python: string, folder: string): Promise<Counts> {
  return withMoto({ python, folder }, (endpoint) => runSuites({ config: 'test/s3/vitest.config.ts', results: join(folder, 'results.json'), environment: { FESCUE_TEST_S3_ENDPOINT: endpoint } }));
}
