/**
 * `npm run test:arm64`: what depends on the processor, run by the arm64 Node of the registry under QEMU: the layout of
 * shared memory's status, and the agent with the sample model. Where QEMU and the libraries it needs are missing and cannot
 * be downloaded it says so and succeeds. With a path as argument, writes `{"passed": n, "failed": n}` there.
 */
import { deepStrictEqual, match } from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentClient } from '../../components/common/agent-client.ts';
import { messageOf } from '../../components/common/errors.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { segmentLife, type LifeStep } from '../helpers/segment-life.ts';
import { prepareEmulator, type Emulator } from './emulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'fescue-arm64-'));
const [resultsFile] = process.argv.slice(2);

const tests: Record<string, (emulator: Emulator) => Promise<void> | void> = {
  'a segment is at every step of its life what the kernel says it is': livesAsHere,
  'the agent classifies a photo with the sample model, and captures it': classifies,
};

try {
  const emulator = emulatorOrReason();
  if (typeof emulator === 'string') {
    process.stdout.write(`arm64 tests skipped: ${emulator}\n`);
    report({ passed: 0, failed: 0 });
  } else report(await runTests(emulator));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function emulatorOrReason(): Emulator | string {
  if (process.arch === 'arm64') return 'this machine is one, and npm test runs on it';
  try {
    return prepareEmulator(folder);
  } catch (error) {
    return messageOf(error);
  }
}

async function runTests(emulator: Emulator): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(emulator);
      counts.passed += 1;
      process.stdout.write(`arm64: ${name}: passed\n`);
    } catch (error) {
      counts.failed += 1;
      process.exitCode = 1;
      process.stdout.write(`arm64: ${name}: failed\n${messageOf(error)}\n`);
    }
  }
  return counts;
}

function livesAsHere({ node, environment }: Emulator): void {
  const printed = execFileSync(node, [inCheckout('test/arm64/segment-life.ts')], { encoding: 'utf8', env: environment });
  const { architecture, life } = JSON.parse(printed) as { architecture: string; life: LifeStep[] };
  deepStrictEqual(architecture, 'arm64');
  for (const { step, ours, kernels } of life) deepStrictEqual(ours, kernels, `${step}: ours is ${JSON.stringify(ours)}, the kernel's ${JSON.stringify(kernels)}`);
  deepStrictEqual(life, segmentLife());
}

/** The photo is prepared here; the agent and its worker run there. */
async function classifies({ node, environment }: Emulator): Promise<void> {
  const socketPath = join(folder, 'agent.sock');
  // The system cannot start an arm64 program: the worker needs the emulator, too.
  const workersToo = `data:text/javascript,process.execPath=${JSON.stringify(node)}`;
  const captures = ['--capture-data-destination', 'Disk', '--capture-data-disk-path', join(folder, 'capture'), '--local-data-root-path', folder];
  const agent = spawn(node, ['--import', workersToo, inCheckout('components/agent/main.ts'), '-a', socketPath, '--log-level', 'error', ...captures], { stdio: 'inherit', env: environment });
  const ended = once(agent, 'exit');
  try {
    const client = new AgentClient({ socketPath });
    await client.waitUntilReady(120_000);
    await client.loadModel(inCheckout('components/models/efficientnet-lite0/package'), 'classifier');
    client.close();
    const photo = inCheckout('components/inference/photos/dog.jpg');
    const predict = (...args: string[]): string => execFileSync(process.execPath, [inCheckout('scripts/fescue.mjs'), 'predict', ...args, '--image', photo, '--socket', socketPath], { encoding: 'utf8' });
    match(predict('predict', 'classifier', '--top', '1'), /German shepherd +0\.9/);
    match(predict('capture', 'classifier', '--id', 'dog', '--wait', '--timeout', '120'), /^dog SUCCESS$/m);
  } finally {
    agent.kill();
    await ended;
  }
}

function report(counts: { passed: number; failed: number }): void {
  if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
}
