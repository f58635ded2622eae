/** The tests of `npm run test:arm64`; each throws when it fails. */
import { deepStrictEqual, match, ok } from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { AgentClient } from '../../components/common/agent-client.ts';
import { environmentVariableOf } from '../../components/common/settings.ts';
import { readClassifier } from '../../components/inference/model-package.ts';
import { bestClasses, classScores, type ClassScore } from '../../components/inference/postprocess.ts';
import { preprocess } from '../../components/inference/preprocess.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { withPrivateAgent } from '../../scripts/packaging/private-agent.ts';
import { componentNames, sampleModelFolder } from '../../scripts/packaging/recipes.ts';
import { segmentLife, type LifeStep } from '../helpers/segment-life.ts';
import type { Bundle } from './bundle.ts';

const photo = inCheckout('components/inference/photos/dog.jpg');
const patienceMs = 120_000;

/** An agent of the bundle, and where it listens. */
export type RunningBundle = { readonly bundle: Bundle; readonly socketPath: string };

export function livesAsHere({ node, modules }: Bundle): void {
  const printed = execFileSync(node, [inCheckout('test/arm64/segment-life.ts')], { encoding: 'utf8', env: { ...process.env, NODE_PATH: modules } });
  const { architecture, life } = JSON.parse(printed) as { architecture: string; life: LifeStep[] };
  deepStrictEqual(architecture, 'arm64');
  for (const { step, ours, kernels } of life) deepStrictEqual(ours, kernels, `${step}: ours is ${JSON.stringify(ours)}, the kernel's ${JSON.stringify(kernels)}`);
  deepStrictEqual(life, segmentLife());
}

/** Runs the agent as its recipe does. */
export async function withAgent(running: RunningBundle, use: (running: RunningBundle) => Promise<void>): Promise<void> {
  const agent = start(running.bundle, componentNames.agent);
  const ended = once(agent, 'exit');
  try {
    const client = new AgentClient({ socketPath: running.socketPath });
    await client.waitUntilReady(patienceMs);
    client.close();
    await use(running);
  } finally {
    agent.kill();
    await ended;
  }
}

/** The photo is prepared, and the model runs, on either processor. */
export async function classifiesAsHere({ bundle, socketPath }: RunningBundle): Promise<void> {
  const settings = { UnixSocketName: socketPath, ImageName: photo, SharedMemoryThresholdBytes: '1', ScoreThreshold: '0', AgentWaitSeconds: '60', LogLevel: 'info' };
  const inference = start(bundle, componentNames.inference, settings, ['ignore', 'pipe', 'pipe']);
  const ended = once(inference, 'exit');
  let log = '';
  inference.stderr?.on('data', (chunk: Buffer) => void (log += chunk.toString()));
  try {
    const result = await firstResult(inference);
    deepStrictEqual(attachments(inference.pid ?? 0), [2], `the component and the worker have its segment attached; its log: ${log}`);
    ok(!log.includes('shared memory cannot be used'), log);
    const here = await classifyHere();
    deepStrictEqual(result[0]?.Label, here[0]?.label);
    for (const { label, score } of here) {
      const there = result.find((one) => one.Label === label)?.Score ?? 0;
      ok(Math.abs(there - score) < 0.02, `${label} scores ${there} on arm64 and ${score} here`);
    }
  } finally {
    inference.kill();
    await ended;
  }
}

export async function captures({ bundle, socketPath }: RunningBundle): Promise<void> {
  const client = new AgentClient({ socketPath });
  await client.loadModel(bundle.workFolder(componentNames.model), 'classifier', { timeoutMs: patienceMs });
  client.close();
  const predict = (...args: string[]): string => execFileSync(process.execPath, [inCheckout('scripts/fescue.mjs'), 'predict', ...args, '--image', photo, '--socket', socketPath], { encoding: 'utf8' });
  match(predict('predict', 'classifier', '--top', '1'), /German shepherd +0\.9/);
  match(predict('capture', 'classifier', '--id', 'dog', '--wait', '--timeout', '120'), /^dog SUCCESS$/m);
}

/** Starts a component with the script and environment of its recipe, and with further settings. */
function start(bundle: Bundle, component: string, settings: Record<string, string> = {}, stdio: 'inherit' | ('ignore' | 'pipe')[] = 'inherit'): ChildProcess {
  const { script, setenv } = bundle.runStep(component);
  // Processes that a component starts need the emulator, too.
  const throughEmulator = `--import=data:text/javascript,process.execPath=${encodeURIComponent(JSON.stringify(bundle.node))}`;
  const given = Object.fromEntries(Object.entries(settings).map(([key, value]) => [environmentVariableOf(key), value]));
  return spawn('sh', ['-c', script], { cwd: bundle.workFolder(component), stdio, env: { ...process.env, ...setenv, ...given, NODE_OPTIONS: throughEmulator } });
}

/** What the component publishes for its first image. */
async function firstResult(inference: ChildProcess): Promise<{ Label: string; Score: number }[]> {
  if (inference.stdout === null) throw new Error('the component has no standard output');
  for await (const line of createInterface(inference.stdout)) {
    const { 'inference-results': results } = JSON.parse(line) as { 'inference-results': { Label: string; Score: number }[] };
    return results;
  }
  throw new Error(`the component ended with ${inference.exitCode} and published nothing`);
}

async function classifyHere(): Promise<ClassScore[]> {
  const { input, output, labels } = await readClassifier(sampleModelFolder);
  const { bytes, ...metadata } = await preprocess(photo, input);
  const [logits] = await withPrivateAgent(sampleModelFolder, [], ({ client, alias }) => client.predict(alias, [{ bytes, metadata }]));
  if (logits === undefined) throw new Error('the model gave no output');
  return bestClasses(classScores(logits, { activation: output.activation, labels }), { threshold: 0, maxResults: 5 });
}

/** How many have attached each segment that a process created, as the kernel counts. */
function attachments(creatorPid: number): number[] {
  // key shmid perms size cpid lpid nattch …
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').trimEnd().split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  return rows.filter((columns) => columns[4] === creatorPid).map((columns) => columns[6] ?? 0);
}
