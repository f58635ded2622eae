import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { slowModel } from '../../scripts/measure/onnx-model.ts';
import { makePipe } from '../helpers/make-pipe.ts';
import { childrenOf } from '../helpers/processes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { agentMain, eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';
import { useIpc } from '../helpers/use-ipc.ts';

type Input = { path: string; wrap: (command: readonly string[]) => [string, ...string[]]; close: () => void };

/** What makes a command line one whose standard input is this file. */
function reading(path: string): Input['wrap'] {
  return (command) => ['sh', '-c', 'exec "$@" < "$0"', path, ...command];
}

/** A pipe as standard input, as a nucleus leaves it open. */
async function usePipe(): Promise<Input> {
  const path = join(await temporaryFolder(), 'pipe');
  await makePipe(path);
  // Opened in both directions, it waits for nobody.
  let descriptor: number | undefined = openSync(path, 'r+');
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  onTestFinished(close);
  return { path, wrap: reading(path), close };
}

const openFiles = (pid: number): string[] => readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
const reason = 'the nucleus that started this process is gone: it closed standard input';

describe('a nucleus that is gone', () => {
  it('ends the agent in order, which finishes what runs', async () => {
    const [ipc, input] = [await useIpc(), await usePipe()];
    const agent = await useAgent({ environment: ipc.environment, wrap: input.wrap, args: ['--capture-data-destination', 'Disk'] });
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 150 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    await eventually(() => childrenOf(agent.pid).length === 2, 'worker and capture process');
    expect(openFiles(agent.pid)).toContain(input.path);
    for (const child of childrenOf(agent.pid)) expect(openFiles(child)).not.toContain(input.path);

    const prediction = agent.client.predict('slow', [{ bytes: new Uint8Array(4) }]);
    await agent.client.listModels();
    const exited = once(agent.process, 'exit');
    input.close();
    expect(await prediction).toHaveLength(1);
    expect(await exited).toEqual([0, null]);
    expect(agent.output()).toContain(`"reason":"${reason}","msg":"stopping"`);
    expect(existsSync(agent.socketPath)).toBe(false);
  });

  it('ends the inference component in order', async () => {
    const [ipc, input, agent] = [await useIpc(), await usePipe(), await useAgent()];
    const { server } = await ipc.serve({ ImageDirectory: photoFolder, ImageName: 'dog.jpg', InferenceInterval: 0.1, ModelPath: samplePackage, UnixSocketName: agent.socketPath, PublishTo: 'stdout' });
    const component = useInference({}, { environment: ipc.environment, wrap: input.wrap });
    await eventually(() => component.results().length > 1, 'results');
    await server.stop();
    input.close();
    expect(await component.exited).toBe(0);
    expect(component.logged()).toContainEqual(expect.objectContaining({ msg: 'asked to stop', reason }));
    expect(await agent.client.listModels()).toEqual([]);
  });

  it('ends the inference component that waits for its first answer', async () => {
    const [ipc, input] = [await useIpc(), await usePipe()];
    const component = useInference({}, { environment: ipc.environment, wrap: input.wrap });
    await eventually(() => openFiles(component.pid).includes(input.path), 'the component to start');
    input.close();
    expect(await component.exited).toBe(0);
  });
});

describe('standard input', () => {
  it.each([
    ['a file', true, 'file'],
    ['nothing', true, 'nothing'],
    ['a pipe at its end, by hand', false, 'pipe'],
  ])('that is %s says nothing of a nucleus', async (_, isComponent, kind) => {
    const [ipc, input] = [await useIpc(), await usePipe()];
    const file = join(await temporaryFolder(), 'empty');
    await writeFile(file, '');
    const wrap = { file: reading(file), nothing: reading('/dev/null'), pipe: input.wrap }[kind];
    const agent = await useAgent({ ...(wrap && { wrap }), environment: isComponent ? ipc.environment : {} });
    input.close();
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 10 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    expect(await agent.client.predict('slow', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
    expect(await agent.stop()).toBe(0);
    expect(agent.output()).toContain('"reason":"SIGTERM","msg":"stopping"');
  });

  it('that stays open keeps no process alive', async () => {
    const [ipc, input, other] = [await useIpc(), await usePipe(), await useAgent()];
    const [program, ...args] = input.wrap([process.execPath, agentMain, '-a', other.socketPath]);
    const agent = spawn(program, args, { env: { ...process.env, ...ipc.environment }, stdio: 'ignore' });
    onTestFinished(() => void agent.kill('SIGKILL'));
    expect(await once(agent, 'exit')).toEqual([1, null]);
  });
});
