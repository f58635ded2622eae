import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { slowModel } from '../../scripts/measure/onnx-model.ts';
import type { IpcServer } from '../../scripts/local-nucleus/ipc-server.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';
import { type TestIpc, useIpc } from '../helpers/use-ipc.ts';

/** What nucleus lite is after a restart that made it forget its components: it reads their tokens and closes the connection. */
async function forget(ipc: TestIpc, server: IpcServer): Promise<{ refused: () => number }> {
  await server.stop();
  let refused = 0;
  const forgetful = createServer((socket) => {
    socket.once('data', () => {
      refused += 1;
      socket.destroy();
    });
    socket.on('error', () => undefined);
  }).listen(ipc.path);
  await once(forgetful, 'listening');
  onTestFinished(() => void forgetful.close());
  return { refused: () => refused };
}

const slowInput = [{ bytes: new Uint8Array(4) }];

test('an agent that its nucleus does not know any more ends for a new start, when no prediction runs or waits', async () => {
  const ipc = await useIpc();
  const { server } = await ipc.serve({});
  const agent = await useAgent({ environment: ipc.environment, program: resolve('test/helpers/impatient-agent.ts') });
  await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 60 }));
  await agent.client.loadModel('slow.onnx', 'slow');
  await eventually(() => ipc.states.length === 1, 'the agent to be connected');
  const exited = once(agent.process, 'exit');
  const { refused } = await forget(ipc, server);
  const predictions: Promise<unknown>[] = [];
  // As many attempts as seconds: beyond its patience.
  while (refused() < 6) {
    predictions.push(agent.client.predict('slow', slowInput), agent.client.predict('slow', slowInput));
    await predictions.at(-2);
  }
  expect(agent.output()).not.toContain('could not be made again');
  await Promise.all(predictions);
  expect(await exited).toEqual([1, null]);
  expect(agent.output()).toMatch(/"level":"error".*"seconds":3,"msg":"the connection to the Greengrass nucleus was lost and could not be made again; ending/);
});

test('an agent that never had a connection serves on', async () => {
  const ipc = await useIpc();
  const { server } = await ipc.serve({});
  const { refused } = await forget(ipc, server);
  const agent = await useAgent({ environment: ipc.environment, program: resolve('test/helpers/impatient-agent.ts') });
  await eventually(() => refused() > 5, 'attempts for longer than its patience');
  expect(await agent.client.listModels()).toEqual([]);
  expect(await agent.stop()).toBe(0);
});

test('an agent whose nucleus is away serves on, and is connected again when it is back', async () => {
  const ipc = await useIpc();
  const { server } = await ipc.serve({});
  const agent = await useAgent({ environment: ipc.environment, program: resolve('test/helpers/impatient-agent.ts') });
  await eventually(() => ipc.states.length === 1, 'the agent to be connected');
  await server.stop();
  // For longer than its patience.
  await new Promise((done) => setTimeout(done, 4_000));
  expect(await agent.client.listModels()).toEqual([]);
  await ipc.serve({});
  await eventually(() => agent.output().includes('connected to the Greengrass nucleus again'), 'the connection');
  expect(await agent.stop()).toBe(0);
});

test('an inference component that its nucleus does not know any more ends for a new start', async () => {
  const [ipc, agent] = [await useIpc(), await useAgent()];
  const { server } = await ipc.serve({ ImageDirectory: photoFolder, ImageName: 'dog.jpg', InferenceInterval: 0.1, ModelPath: samplePackage, UnixSocketName: agent.socketPath, PublishTo: 'stdout' });
  const component = useInference({}, { environment: ipc.environment, wrap: ([node = '']) => [node, resolve('test/helpers/impatient-inference.ts')] });
  await eventually(() => component.results().length > 1, 'results');
  await forget(ipc, server);
  expect(await component.exited).toBe(1);
  expect(component.logged()).toContainEqual(expect.objectContaining({ level: 'error', msg: expect.stringMatching(/was lost and could not be made again; ending/) as string }));
  expect(component.logged().filter(({ msg }) => msg === 'image skipped')).toEqual([]);
  expect(component.logged().at(-1)?.['msg']).toBe('stopped');
  expect(await agent.client.listModels()).toEqual([]);
});
