/**
 * `npm run test:python`: the agent through Google's Python gRPC, from PyPI. Where Python or PyPI is missing it says so
 * and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentClient } from '../../components/common/agent-client.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { runPythonSuite, type Counts } from '../helpers/python-suite.ts';

await runPythonSuite({ name: 'Python interop', requirements: inCheckout('test/python/requirements.txt'), run: runSuite });

async function runSuite(python: string, folder: string): Promise<Counts> {
  const compiled = run(python, ['-m', 'grpc_tools.protoc', `-I${inCheckout('proto')}`, `--python_out=${folder}`, `--grpc_python_out=${folder}`, 'agent.proto']);
  if (compiled.status !== 0) throw new Error(`proto/agent.proto does not compile: ${compiled.stderr}`);
  const agentFolder = makeFolders(folder);
  const socketPath = join(folder, 'agent.sock');
  const args = ['-a', socketPath, '--log-level', 'error', '--queue-size', '8', '--max-message-megabytes', '24', '--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1'];
  const agent = spawn(process.execPath, [inCheckout('components/agent/main.ts'), ...args], { cwd: agentFolder, stdio: 'inherit' });
  const exited = once(agent, 'exit');
  try {
    const client = new AgentClient({ socketPath });
    await client.waitUntilReady(20_000);
    client.close();
    const result = run(python, [inCheckout('test/python/run_tests.py')], {
      PYTHONPATH: folder,
      FESCUE_TEST_SOCKET: socketPath,
      FESCUE_TEST_CAPTURES: join(agentFolder, 'capture'),
      FESCUE_TEST_MODEL: inCheckout('components/models/efficientnet-lite0/package'),
    });
    process.stdout.write(result.stderr);
    return countsOf(result);
  } finally {
    agent.kill();
    await exited;
  }
}

/** Sibling work folders of the agent and of the suites' models. @returns the agent's */
function makeFolders(folder: string): string {
  const [agent, models] = [join(folder, 'agent'), join(folder, 'com.model.python')];
  for (const path of [agent, models]) mkdirSync(path);
  writeFileSync(join(models, 'identity.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['n'] }]));
  writeFileSync(join(models, 'slow.onnx'), slowModel({ steps: 300 }));
  return agent;
}

/** Of the last line of `run_tests.py`. */
function countsOf({ stdout, status, signal }: SpawnSyncReturns<string>): Counts {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status !== 0 || !line.startsWith('{')) throw new Error(`the Python suites ended with ${signal ?? status} and no result`);
  const counts = JSON.parse(line) as Counts;
  if (counts.passed + counts.failed === 0) throw new Error('the Python suites ran no test');
  return counts;
}

function run(program: string, args: string[], environment: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment } });
}
