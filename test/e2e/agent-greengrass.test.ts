import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import type { JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { agentArtifacts, agentComponent, agentRecipe, agentVersion } from '../helpers/agent-recipe.ts';
import { isAlive } from '../helpers/processes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { useIpc } from '../helpers/use-ipc.ts';
import { useNucleus, type TestNucleus } from '../helpers/use-nucleus.ts';

type Line = Record<string, unknown> & { msg: string };

type AgentComponent = {
  nucleus: TestNucleus;
  client: AgentClient;
  folder: string;
  socketPath: string;
  merge: (changes: JsonObject) => Promise<void>;
  /** What the agent logged with such a message. */
  lines: (message: RegExp) => Line[];
  pids: () => number[];
  /** The states it went through, the latest last. */
  states: () => string[];
};

/** The agent below a nucleus, by its own recipe, with a slow model and a quick one at hand. */
async function useAgentComponent(configuration: JsonObject = {}, { steps = 60 } = {}): Promise<AgentComponent> {
  const folder = await temporaryFolder();
  const socketPath = join(folder, 'agent.sock');
  await writeFile(join(folder, 'slow.onnx'), slowModel({ steps }));
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  const nucleus = await useNucleus();
  const recipe = agentRecipe({ UnixSocketName: socketPath, CaptureDataDiskPath: join(folder, 'captures'), ...configuration });
  const merge = async (changes: JsonObject): Promise<void> =>
    nucleus.deploy({ recipes: [recipe], artifacts: agentArtifacts, components: { [agentComponent]: agentVersion }, configuration: { [agentComponent]: { MERGE: changes } } });
  await merge({});
  const client = new AgentClient({ socketPath });
  onTestFinished(() => client.close());
  await client.waitUntilReady(20_000);
  const lines = (message: RegExp): Line[] => nucleus.output(agentComponent).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line).filter(({ msg }) => message.test(msg));
  return {
    nucleus,
    client,
    folder,
    socketPath,
    merge,
    lines,
    pids: () => nucleus.output(agentComponent).flatMap((line) => (line.startsWith('pid ') ? [Number(line.slice(4))] : [])),
    states: () => nucleus.events.flatMap((event) => (event.kind === 'state' ? [event.state] : [])),
  };
}

const slowInput = [{ bytes: new Uint8Array(4) }];

/** How many of so many predictions at once are refused, because the queue is full. */
async function refusedOf(client: AgentClient, count: number): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, () => client.predict('slow', slowInput)));
  return outcomes.filter((outcome) => outcome.status === 'rejected' && (outcome.reason as { kind: string }).kind === 'resource-exhausted').length;
}

describe('live settings', () => {
  it('are followed in the same process, for models that are loaded and captures under way', async () => {
    const agent = await useAgentComponent({ CaptureDataDestination: 'Disk', CaptureDataBatchSize: 20, CaptureDataPushPeriodSeconds: 3_600 });
    await agent.client.loadModel(join(agent.folder, 'slow.onnx'), 'slow');
    await agent.client.loadModel(join(agent.folder, 'tiny.onnx'), 'tiny');
    expect(await refusedOf(agent.client, 5)).toBe(0);
    const tensor = { metadata: { name: 'x', dtype: 'UINT8' as const, shape: [1] }, bytes: new Uint8Array(1) };
    await agent.client.captureData({ model: 'tiny', id: 'a', inputs: [tensor], outputs: [] });

    await agent.merge({ QueueSize: '2', LogLevel: 'debug', CaptureDataPushPeriodSeconds: 0.1, CaptureOverflow: 'drop-oldest', StopTimeoutSeconds: 30 });
    await eventually(() => agent.lines(/^configuration changed/).length === 2, 'the change');
    expect(agent.lines(/^configuration changed/)[1]).toMatchObject({ level: 'info', settings: { QueueSize: 2, LogLevel: 'debug', CaptureDataPushPeriodSeconds: 0.1, CaptureOverflow: 'drop-oldest', StopTimeoutSeconds: 30 } });
    expect(await refusedOf(agent.client, 5)).toBe(2);
    await eventually(async () => (await agent.client.captureStatus('a')) === 'SUCCESS', 'the capture that waited for its batch');
    expect(agent.pids()).toHaveLength(1);
    expect(agent.states().at(-1)).toBe('RUNNING');
  });

  it('of a wrong type or out of range change nothing, and all are told', async () => {
    const agent = await useAgentComponent();
    await agent.client.loadModel(join(agent.folder, 'slow.onnx'), 'slow');
    await agent.merge({ QueueSize: 'many', LoadTimeoutSeconds: 0, CaptureDataBatchSize: 30, StopTimeoutSeconds: 121, LogLevel: 'error' });
    await eventually(() => agent.lines(/was refused; going on with the settings before/).length === 1, 'the refusal');
    const [refusal] = agent.lines(/was refused/);
    expect(refusal?.['level']).toBe('warn');
    expect(refusal?.['reason']).toMatch(/QueueSize: expected a whole number from 1 to 100000, got "many"\n.*LoadTimeoutSeconds: .*got 0\n.*StopTimeoutSeconds: .*from 0 to 120, got 121\n.*CaptureDataBatchSize: expected less than CaptureDataBufferSize \(30\), got 30/);
    expect(await refusedOf(agent.client, 5)).toBe(0);
    await agent.merge({ QueueSize: 1, LoadTimeoutSeconds: 120, CaptureDataBatchSize: 10, StopTimeoutSeconds: 10, LogLevel: 'info' });
    await eventually(() => agent.lines(/^configuration changed/).length === 1, 'the change that can be used');
    expect(await refusedOf(agent.client, 3)).toBe(1);
    expect(agent.pids()).toHaveLength(1);
  });

  it('give way to the environment', async () => {
    const ipc = await useIpc();
    const { configurations } = await ipc.serve({ QueueSize: 5, LogLevel: 'warn' });
    const agent = await useAgent({ environment: { ...ipc.environment, FESCUE_LOG_LEVEL: 'info', FESCUE_QUEUE_SIZE: '7' } });
    await eventually(() => ipc.states.length === 1, 'the agent to be connected');
    configurations.set('one', { QueueSize: 6, LogLevel: 'error', LoadTimeoutSeconds: 9 });
    await eventually(() => agent.output().includes('configuration changed'), 'the change');
    expect(agent.output()).toMatch(/"settings":\{"LoadTimeoutSeconds":9\}/);
  });
});

it('a setting that is not live starts the agent anew, without an error', async () => {
  const agent = await useAgentComponent();
  await agent.merge({ MaxBatch: 4, QueueSize: 5 });
  await eventually(() => agent.pids().length === 2, 'another process');
  await eventually(() => agent.lines(/^configuration changed/).some(({ settings }) => (settings as JsonObject)['QueueSize'] === 5), 'the live one from Greengrass');
  expect(agent.states()).not.toContain('ERRORED');
  expect(agent.pids().map(isAlive)).toEqual([false, true]);
});

describe('the nucleus', () => {
  it('is told RUNNING once, when it answers at last and not again after it was away', async () => {
    const ipc = await useIpc();
    const agent = await useAgent({ environment: ipc.environment });
    expect(await agent.client.listModels()).toEqual([]);
    await eventually(() => agent.output().includes('the Greengrass nucleus does not answer'), 'the warning');
    const first = await ipc.serve({ QueueSize: 3 });
    await eventually(() => ipc.states.length > 0 && agent.output().includes('"settings":{"QueueSize":3}'), 'state and configuration');
    await first.server.stop();
    await eventually(() => agent.output().includes('was lost; connecting again'), 'the loss');
    await ipc.serve({ QueueSize: 4 });
    await eventually(() => agent.output().includes('"settings":{"QueueSize":4}'), 'what changed meanwhile');
    expect(ipc.states).toEqual(['RUNNING']);
  });

  it('that takes connections and says nothing delays neither the start nor the end', async () => {
    const ipc = await useIpc();
    const silent = createServer(() => undefined).listen(ipc.path);
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const agent = await useAgent({ environment: ipc.environment });
    expect(await agent.client.listModels()).toEqual([]);
    const stoppedAt = Date.now();
    expect(await agent.stop()).toBe(0);
    // Below the ten seconds that a connection may take to come about.
    expect(Date.now() - stoppedAt).toBeLessThan(8_000);
  });
});

describe('a socket file that is gone', () => {
  it('is told as an error, once, and made again by the start that follows', async () => {
    const agent = await useAgentComponent();
    await rm(agent.socketPath);
    await eventually(() => agent.states().includes('ERRORED'), 'the state');
    await eventually(() => existsSync(agent.socketPath) && agent.states().at(-1) === 'RUNNING', 'the next agent');
    expect(await agent.client.listModels()).toEqual([]);
    expect(agent.states().filter((state) => state === 'ERRORED')).toHaveLength(1);
    expect(agent.pids().map(isAlive)).toEqual([false, true]);
    expect(agent.lines(/the socket file is not in its place/)).toMatchObject([{ level: 'error', reason: 'it was removed' }]);
  });

  it('ends an agent that no nucleus started with exit code 1, and the file of another one stays', async () => {
    const agent = await useAgent();
    await agent.client.loadModel(await slowIn(agent.folder), 'slow');
    const running = agent.client.predict('slow', slowInput);
    await rm(agent.socketPath);
    const other = createServer().listen(agent.socketPath);
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    await expect(running).resolves.toHaveLength(1);
    expect(await once(agent.process, 'exit')).toEqual([1, null]);
    expect(existsSync(agent.socketPath)).toBe(true);
    expect(agent.output()).toContain('another file is in its place');
    other.close();
  });
});

async function slowIn(folder: string): Promise<string> {
  await writeFile(join(folder, 'slow.onnx'), slowModel({ steps: 150 }));
  return 'slow.onnx';
}

it('predictions that take longer than the patience of a nucleus are finished when the component is stopped', async () => {
  const agent = await useAgentComponent({ StopTimeoutSeconds: 60 }, { steps: 400 });
  await agent.client.loadModel(join(agent.folder, 'slow.onnx'), 'slow');
  await agent.client.predict('slow', slowInput);
  const startedAt = performance.now();
  await agent.client.predict('slow', slowInput);
  const count = Math.ceil(12_000 / (performance.now() - startedAt));
  const predictions = Array.from({ length: count }, () => agent.client.predict('slow', slowInput));
  await agent.client.listModels();
  const stoppedAt = performance.now();
  const stopped = agent.nucleus.nucleus.stop();
  expect((await Promise.allSettled(predictions)).filter(({ status }) => status === 'rejected')).toEqual([]);
  // Else it proves nothing.
  expect(performance.now() - stoppedAt).toBeGreaterThan(5_000);
  await stopped;
  expect(agent.states()).not.toContain('ERRORED');
});
