/**
 * `npm run test:python`: the agent through Google's Python gRPC, from PyPI. Where Python or PyPI is missing it says so
 * and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentClient } from '../../components/common/agent-client.ts';
import { messageOf } from '../../components/common/errors.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'fescue-python-'));
const python = join(folder, 'venv/bin/python');
const [resultsFile] = process.argv.slice(2);

try {
  const missing = install();
  if (missing !== undefined) {
    process.stdout.write(`Python interop skipped: ${missing}\n`);
    report({ passed: 0, failed: 0 });
  } else {
    const counts = await runSuite();
    report(counts);
    if (counts.failed > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns what is missing on this machine, or undefined when the suite can run */
function install(): string | undefined {
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', join(folder, 'venv')]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', inCheckout('test/python/requirements.txt')]],
  ];
  for (const [program, args] of steps) {
    const result = run(program, args);
    if (result.status !== 0) return `${program} ${args.slice(0, 3).join(' ')}: ${result.error === undefined ? result.stderr.trim().split('\n').at(-1) : messageOf(result.error)}`;
  }
  return undefined;
}

async function runSuite(): Promise<{ passed: number; failed: number }> {
  const compiled = run(python, ['-m', 'grpc_tools.protoc', `-I${inCheckout('proto')}`, `--python_out=${folder}`, `--grpc_python_out=${folder}`, 'agent.proto']);
  if (compiled.status !== 0) throw new Error(`proto/agent.proto does not compile: ${compiled.stderr}`);
  const socketPath = join(folder, 'agent.sock');
  const agent = spawn(process.execPath, [inCheckout('components/agent/main.ts'), '-a', socketPath, '--log-level', 'error'], { stdio: 'inherit' });
  try {
    const client = new AgentClient({ socketPath });
    await client.waitUntilReady(20_000);
    client.close();
    const result = run(python, [inCheckout('test/python/test_client.py')], {
      PYTHONPATH: folder,
      FESCUE_TEST_SOCKET: socketPath,
      FESCUE_TEST_MODEL: inCheckout('components/models/efficientnet-lite0/package'),
    });
    process.stdout.write(result.stderr);
    return countsOf(result.stderr);
  } finally {
    agent.kill();
    await once(agent, 'exit');
  }
}

/** unittest's own summary: `Ran 6 tests in 1.2s`, then `OK` or `FAILED (failures=1, errors=2)`. */
function countsOf(output: string): { passed: number; failed: number } {
  const ran = Number(/^Ran (\d+) tests? in /m.exec(output)?.[1] ?? 0);
  if (ran === 0) throw new Error('the Python suite ran no test');
  const failed = [...(/^FAILED \((.*)\)$/m.exec(output)?.[1] ?? '').matchAll(/(?:failures|errors)=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return { passed: ran - failed, failed };
}

function run(program: string, args: string[], environment: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment } });
}

function report(counts: { passed: number; failed: number }): void {
  if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
}
