import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityModel, onnxModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { writePackage } from '../helpers/model-folder.ts';
import { fescue, startFescue, type CommandResult } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { tracesOf, useTemporaryFiles } from '../helpers/traces.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const short = ['--duration', '0.05', '--rounds', '2', '--warm-up', '2'];
/** Begins at once and does not end by itself, though each turn is short. */
const long = ['--duration', '600', '--rounds', '1000', '--warm-up', '0', '--concurrency', '4'];
const all = ['in-process', 'bytes', 'shared-memory'];

type Contender = { name: string; calls: number; p50Ms: number; p90Ms: number; p99Ms: number; maxMs: number; perSecond: number; cpuMsPerCall: number | null; p50Ratio: number | null; perSecondRatio: number | null };
type Document = {
  model: { name: string; inputs: object[] };
  agent: { socket: string | null; pid: number | null; intraOpThreads: number; instances: number };
  levels: { concurrency: number; contenders: Contender[]; sharedMemoryToBytes: number | null }[];
  notes: string[];
  recommendation?: { tried: { intraOpThreads: number; instances: number }[]; latency: object; throughput: object; callers: number; reasons: string[] };
};

/** Runs `fescue bench`, which must leave nothing behind. */
async function bench(...args: string[]): Promise<CommandResult> {
  const files = await useTemporaryFiles();
  const { result, traces } = await tracesOf(startFescue('bench', ...args), files);
  expect(traces, result.stderr).toEqual([]);
  return result;
}

async function benchJson(...args: string[]): Promise<Document> {
  const { code, stdout, stderr } = await bench(...args, ...short, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Document;
}

/** A folder with `copy.onnx`, which copies any number of rows of two numbers. */
async function copyFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'copy.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['rows', 2] }]));
  return folder;
}

/** An agent with `copy.onnx`, loaded as `copy` by its path relative to the agent. */
async function useCopyAgent(...args: string[]): Promise<RunningAgent> {
  const agent = await useAgent({ folder: await copyFolder(), args });
  await agent.client.loadModel('copy.onnx', 'copy');
  return agent;
}

/** A folder with what cannot be measured, or not as it is. */
async function oddFolder(): Promise<string> {
  const folder = await copyFolder();
  const weights = { name: 'w', shape: [3, 3], values: new Float32Array(9) };
  const product = { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] };
  await writeFile(join(folder, 'product.onnx'), onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: ['n', 'm'] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: ['n', 3] }], nodes: [product], weights: [weights] }));
  await writeFile(join(folder, 'text.onnx'), identityModel([{ name: 't', type: 'STRING', shape: [1] }]));
  await writeFile(join(folder, 'notes.txt'), '');
  await mkdir(join(folder, 'empty'));
  return folder;
}

const namesOf = async (agent: RunningAgent): Promise<string[]> => (await agent.client.listModels()).map(({ name }) => name);

function expectFigures(contender: Contender): void {
  const { calls, p50Ms, p90Ms, p99Ms, maxMs, perSecond } = contender;
  expect(calls).toBeGreaterThan(0);
  expect(p50Ms).toBeGreaterThan(0);
  expect([p50Ms, p90Ms, p99Ms, maxMs]).toEqual([p50Ms, p90Ms, p99Ms, maxMs].toSorted((a, b) => a - b));
  expect(perSecond).toBeGreaterThan(0);
}

describe('fescue bench with an agent of its own', () => {
  test('prints a table for each number of callers, and its progress on stderr', async () => {
    const { code, stdout, stderr } = await bench('mlp', ...short, '--concurrency', '1,3');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^model +mlp\ninputs +x FLOAT32 \[1, 784\], 3136 bytes\nagent +of its own: IntraOpThreads \d+, Instances 1\n/);
    const row = '(?: +[\\d.]+){8}\n';
    const table = `\n +p50 ms +p90 ms +p99 ms +max ms +per second +CPU ms/request +p50 ratio +throughput ratio\nin process${row}bytes${row}shared memory${row}p50 of shared memory / bytes: [\\d.]+\n`;
    expect(stdout).toMatch(new RegExp(`\n\nOne caller${table}\n3 callers at once${table}$`));
    expect(stderr).toBe('Measuring for about 1 s, and the warm-up.\n1 at once: warm-up\n1 at once: round 1 of 2\n1 at once: round 2 of 2\n3 at once: warm-up\n3 at once: round 1 of 2\n3 at once: round 2 of 2\n');
  });

  test('prints JSON, with the shapes, threads and instances asked for', async () => {
    const path = join(await copyFolder(), 'copy.onnx');
    const document = await benchJson(path, '--shape', 'x=5,2', '--threads', '1', '--instances', '2', '--concurrency', '1,4');
    expect(document).toMatchObject({ model: { name: path, inputs: [{ name: 'x', dtype: 'FLOAT32', shape: [5, 2], bytes: 40 }] }, agent: { socket: null, intraOpThreads: 1, instances: 2 }, durationSeconds: 0.05, rounds: 2, warmUpCalls: 2, notes: [] });
    expect(document.levels.map(({ concurrency }) => concurrency)).toEqual([1, 4]);
    for (const { contenders, sharedMemoryToBytes } of document.levels) {
      expect(contenders.map(({ name }) => name)).toEqual(all);
      contenders.forEach(expectFigures);
      expect(contenders[0]).toMatchObject({ p50Ratio: 1, perSecondRatio: 1 });
      for (const { cpuMsPerCall, p50Ratio } of contenders) expect([cpuMsPerCall, p50Ratio]).toEqual([expect.any(Number), expect.any(Number)]);
      expect(sharedMemoryToBytes).toBeGreaterThan(0);
    }
  });

  test('takes a package, one transport, and tells nothing else when it is to be quiet', async () => {
    const folder = await temporaryFolder();
    await writePackage(folder);
    const { code, stdout, stderr } = await bench(folder, ...short, '--concurrency', '1', '--transport', 'shm', '--quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\nin process .*\nshared memory [^/]*$/);
  });

  test('recommends settings of those it tried', async () => {
    const path = join(await copyFolder(), 'copy.onnx');
    const { recommendation } = await benchJson(path, '--concurrency', '1', '--transport', 'all', '--recommend');
    const settings = recommendation?.tried.map(({ intraOpThreads, instances }) => ({ intraOpThreads, instances })) ?? [];
    expect(settings).toContainEqual({ intraOpThreads: 1, instances: 1 });
    expect(settings).toContainEqual(recommendation?.latency);
    expect(settings).toContainEqual(recommendation?.throughput);
    expect(recommendation).toMatchObject({ callers: 2, reasons: expect.arrayContaining([expect.stringMatching(/SharedMemoryThresholdBytes/)]) as string[] });
  });

  test('ends with Ctrl-C, and leaves nothing behind', async () => {
    const files = await useTemporaryFiles();
    const command = startFescue('bench', 'noop-600kb', ...long);
    await eventually(() => command.output().stderr.includes('round 1 of'), 'the measurement to begin');
    command.process.kill('SIGINT');
    const { result, traces } = await tracesOf(command, files);
    expect(traces).toEqual([]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/\nStopping …\nInterrupted\.\n$/) as string });
  });
});

describe('fescue bench with a running agent', () => {
  test('measures a loaded model by its alias, and the file it is of', async () => {
    const agent = await useCopyAgent();
    const document = await benchJson('--socket', agent.socketPath, '--alias', 'copy', '--concurrency', '2', '--threads', '1');
    expect(document).toMatchObject({ model: { name: 'copy' }, agent: { socket: agent.socketPath, pid: agent.pid } });
    expect(document.levels[0]?.contenders.map(({ name }) => name)).toEqual(all);
    expect(document.levels[0]?.contenders[1]?.cpuMsPerCall).toEqual(expect.any(Number));
    expect(document.notes).toEqual([expect.stringMatching(/baseline has 1 threads and 1 instances;.*--threads/)]);
    expect(await namesOf(agent)).toEqual(['copy']);
  });

  test('loads a model for the time, and unloads it', async () => {
    const agent = await useCopyAgent();
    const { levels } = await benchJson(join(agent.folder, 'copy.onnx'), '--socket', agent.socketPath, '--concurrency', '1');
    expect(levels[0]?.contenders.map(({ name }) => name)).toEqual(all);
    expect(await namesOf(agent)).toEqual(['copy']);
  });

  test('goes without a baseline when the model file is gone', async () => {
    const agent = await useAgent();
    await writePackage(join(agent.folder, 'model'));
    await agent.client.loadModel('model', 'pair');
    await rm(join(agent.folder, 'model'), { recursive: true });
    const { levels, notes } = await benchJson('--socket', agent.socketPath, '--alias', 'pair', '--concurrency', '1');
    expect(levels[0]?.contenders.map(({ name, p50Ratio }) => [name, p50Ratio])).toEqual([['bytes', null], ['shared-memory', null]]);
    expect(notes[0]).toMatch(/no in-process baseline: the model file of model cannot be found/);
  });

  test('unloads its model after Ctrl-C, also while it is loading', async () => {
    const agent = await useCopyAgent();
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 200 }));
    for (const moment of ['loading', 'measuring']) {
      const files = await useTemporaryFiles();
      const workers = agent.workers().length;
      const command = startFescue('bench', join(agent.folder, 'slow.onnx'), '--socket', agent.socketPath, ...long);
      if (moment === 'loading') await eventually(() => agent.workers().length > workers, 'the model to be loading');
      else await eventually(() => command.output().stderr.includes('round 1 of'), 'the measurement to begin');
      command.process.kill('SIGINT');
      const { result, traces } = await tracesOf(command, files);
      expect(traces, moment).toEqual([]);
      expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/Interrupted\.\n$/) as string });
      expect(await namesOf(agent), moment).toEqual(['copy']);
    }
  });

  test('fails when the agent ends, and leaves nothing behind', async () => {
    const agent = await useCopyAgent();
    const files = await useTemporaryFiles();
    const command = startFescue('bench', '--socket', agent.socketPath, '--alias', 'copy', ...long);
    await eventually(() => command.output().stderr.includes('round 1 of'), 'the measurement to begin');
    await agent.stop('SIGKILL');
    const { result, traces } = await tracesOf(command, files);
    expect(traces).toEqual([]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/\nfescue: UNAVAILABLE: /) as string });
  });

  test('unloads its model after a failure', async () => {
    const agent = await useCopyAgent('--queue-size', '1');
    const { code, stderr } = await bench(join(agent.folder, 'copy.onnx'), '--socket', agent.socketPath, '--concurrency', '8', ...short);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/\nfescue: RESOURCE_EXHAUSTED: .*QueueSize/) as string });
    expect(await namesOf(agent)).toEqual(['copy']);
  });
});

test('the shape of an input makes a model run that does not otherwise', async () => {
  const { levels } = await benchJson(join(await oddFolder(), 'product.onnx'), '--shape', 'x=2,3', '--concurrency', '1');
  expect(levels[0]?.contenders.map(({ name }) => name)).toEqual(all);
});

describe('fescue bench refuses', () => {
  test.each([
    [['resnet'], /^fescue: Model resnet cannot be measured: .*Expected a package folder, an \.onnx file, or one of squeezenet, mlp, noop-600kb, noop-6mb\.\n$/],
    [['notes.txt'], /it is no model/],
    [['empty'], /^fescue: FAILED_PRECONDITION: There is no .*sagemaker_edge_manifest/],
    [['text.onnx'], /"t" of the model is string; the agent's API carries/],
    [['product.onnx'], /does not run on the made-up input "x" FLOAT32 \[1, 1\]: .*--shape/],
    [['copy.onnx', '--shape', 'z=1,2'], /no input "z"; its inputs are "x"/],
    [['copy.onnx', '--shape', 'x=1,3'], /which \[1, 3\] does not fit/],
    [['--socket', 'nowhere.sock'], /^fescue: UNAVAILABLE: No agent answers on .*nowhere\.sock\./],
  ])('%j, and says why', async (args, message) => {
    const folder = await oddFolder();
    const given = args.map((arg) => (/\.(onnx|txt|sock)$|empty/.test(arg) ? join(folder, arg) : arg));
    expect(await bench(...given, ...short, '--quiet')).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) as string });
  });

  test('an alias that is not loaded', async () => {
    const agent = await useCopyAgent();
    expect(await fescue('bench', '--socket', agent.socketPath, '--alias', 'nobody')).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^fescue: NOT_FOUND: .*nobody.*loaded models: copy/) as string });
  });

  test.each([
    [['--duration', '0']],
    [['--duration', 'long']],
    [['--concurrency', '1,none']],
    [['--concurrency', '0']],
    [['--rounds', '1.5']],
    [['--warm-up', '-1']],
    [['--threads', '0']],
    [['--instances', '65']],
    [['--transport', 'http']],
    [['--shape', 'x']],
    [['--shape', 'x=1,0']],
    [['--alias', 'copy']],
    [['mlp', '--socket', 's', '--alias', 'copy']],
    [['--socket', 's', '--recommend']],
    [['mlp', 'squeezenet']],
  ])('%j as bad usage', async (args) => {
    const { code, stdout, stderr } = await fescue('bench', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

test('fescue bench --help has examples', async () => {
  expect(await fescue('bench', '--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Examples:\n {2}fescue bench\n/) as string });
});
