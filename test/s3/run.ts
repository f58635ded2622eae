/**
 * `npm run test:s3`: captures to an S3 server that others wrote, moto from PyPI. Where Python or PyPI is missing it says
 * so and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../components/common/errors.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';

type Counts = { passed: number; failed: number };

const folder = mkdtempSync(join(tmpdir(), 'fescue-s3-'));
const python = join(folder, 'venv/bin/python');
const serverLog = join(folder, 'moto.log');
const patienceMs = 60_000;
const [resultsFile] = process.argv.slice(2);

try {
  const missing = install();
  if (missing !== undefined) {
    process.stdout.write(`S3 interop skipped: ${missing}\n`);
    report({ passed: 0, failed: 0 });
  } else {
    // Suites that could not run count as one that failed.
    const counts = await runSuites().catch((error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      return { passed: 0, failed: 1 };
    });
    report(counts);
    if (counts.failed > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns what is missing on this machine, or undefined when the suites can run */
function install(): string | undefined {
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', join(folder, 'venv')]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', inCheckout('test/s3/requirements.txt')]],
  ];
  for (const [program, args] of steps) {
    const result = spawnSync(program, args, { encoding: 'utf8' });
    if (result.status !== 0) return `${program} ${args.slice(0, 3).join(' ')}: ${result.error === undefined ? result.stderr.trim().split('\n').at(-1) : messageOf(result.error)}`;
  }
  return undefined;
}

async function runSuites(): Promise<Counts> {
  const port = await freePort();
  const log = openSync(serverLog, 'w');
  const server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', log, log] });
  const exited = once(server, 'exit');
  try {
    await answering(server, port);
    return await runVitest(`http://127.0.0.1:${port}`);
  } finally {
    server.kill();
    await exited;
  }
}

async function runVitest(endpoint: string): Promise<Counts> {
  const results = join(folder, 'results.json');
  const args = [inCheckout('node_modules/vitest/vitest.mjs'), 'run', '--config', inCheckout('test/s3/vitest.config.ts'), '--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const vitest = spawn(process.execPath, args, { cwd: inCheckout('.'), stdio: 'inherit', env: { ...process.env, FESCUE_TEST_S3_ENDPOINT: endpoint } });
  const [code] = (await once(vitest, 'exit')) as [number | null];
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(results, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  if (passed + failed === 0) throw new Error('the S3 suites ran no test');
  // A suite that could not even begin has no test that failed.
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}

/** Waits until the server answers. @throws when it ends, or does not in time */
async function answering(server: ChildProcess, port: number): Promise<void> {
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

function report(counts: Counts): void {
  if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
}
