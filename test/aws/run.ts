/**
 * `npm run test:aws`: what works with AWS against a server that others wrote, moto from PyPI. Where Python or PyPI is
 * missing it says so and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { join } from 'node:path';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { withMoto } from '../helpers/moto.ts';
import { runPythonSuite, type Counts } from '../helpers/python-suite.ts';
import { runSuites } from '../helpers/run-suites.ts';

await runPythonSuite({ name: 'AWS', requirements: inCheckout('test/aws/requirements.txt'), run: runMoto });

function runMoto(python: string, folder: string): Promise<Counts> {
  return withMoto({ python, folder, environment: { MOTO_IAM_LOAD_MANAGED_POLICIES: 'true' } }, (endpoint) => runSuites({ config: 'test/aws/vitest.config.ts', results: join(folder, 'results.json'), environment: { FESCUE_TEST_AWS_ENDPOINT: endpoint } }));
}
