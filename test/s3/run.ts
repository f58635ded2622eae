/**
 * `npm run test:s3`: captures to an S3 server that others wrote, moto from PyPI. Where Python or PyPI is missing it says
 * so and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { runPythonSuite, type Counts } from '../helpers/python-suite.ts';

const patienceMs = 60_000;

await runPythonSuite({ name: 'S3 interop', requirements: inCheckout('test/s3/requirements.txt'), run: runSuites });

async function runSuites(python: string, folder: string): Promise<Counts> {
  const port = await freePort();
  const serverLog = join(folder, 'moto.log');
  const log = openSync(serverLog, 'w');
  const server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', log, log] });
  const exited = once(server, 'exit');
  try {
    await answering(server, { port, serverLog });
    return await runVitest(`http://127.0.0.1:${port}`, join(folder, 'results.json'));
  } finally {
    server.kill();
    await exited;
  }
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

/** Waits until the server answers. @throws when it ends, or does not in time */
async function answering(server: ChildProcess, { port, serverLog }: { port: number; serverLog: string }): Promise<void> {
  for (const giveUpAt = Date.now() + patienceMs; Date.now() < giveUpAt && server.exitCode === null; ) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(100);
  }
  throw new Error(`moto does not answer: ${readFileSync(serverLog, 'utf8')}`);
}

/** A port that nobody used a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
