import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { originalConfiguration } from '../helpers/original-configuration.ts';
import { isAlive } from '../helpers/processes.ts';
import { authority, chainOf } from '../helpers/signing.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { agentMain, eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const slowInput = [{ bytes: new Uint8Array(4) }];

async function loadSlow(agent: RunningAgent): Promise<void> {
  await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 150 }));
  await agent.client.loadModel('slow.onnx', 'slow');
}

/** Runs an agent that must refuse to start. */
function refusedStart(...args: string[]): { code: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [agentMain, ...args], { encoding: 'utf8', timeout: 20_000 });
  return { code: status, stderr };
}

describe('stopping', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('with %s finishes the running prediction, removes the socket and exits 0', async (signal) => {
    const agent = await useAgent();
    await loadSlow(agent);
    const running = agent.client.predict('slow', slowInput);
    await agent.client.listModels();
    expect(await agent.stop(signal)).toBe(0);
    await expect(running).resolves.toHaveLength(1);
    expect(existsSync(agent.socketPath)).toBe(false);
  });

  it('gives running calls no more than the configured time', async () => {
    const agent = await useAgent({ args: ['--stop-timeout-seconds', '0'] });
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 1_000 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    const running = agent.client.predict('slow', slowInput).catch((error: unknown) => error);
    await agent.client.listModels();
    expect(await agent.stop()).toBe(0);
    expect(await running).toBeInstanceOf(Error);
  });
});

describe('a worker that dies', () => {
  it('costs its model only the calls under way: it is restarted, and other models do not notice', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'other.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
    await loadSlow(agent);
    const [slowWorker = 0] = agent.workers();
    await agent.client.loadModel('other.onnx', 'other');

    const underWay = Array.from({ length: 3 }, () => agent.client.predict('slow', slowInput));
    await agent.client.listModels();
    process.kill(slowWorker, 'SIGKILL');
    for (const outcome of await Promise.allSettled(underWay)) {
      expect(outcome).toMatchObject({ reason: { kind: 'unavailable', message: expect.stringContaining('SIGKILL') } });
    }
    expect(await agent.client.predict('other', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
    expect((await agent.client.listModels()).map((model) => model.name)).toEqual(['slow', 'other']);
    await eventually(() => agent.client.predict('slow', slowInput).then(() => true, () => false), 'the model to predict again');
    expect(agent.workers()).toHaveLength(2);
  });

  it('again and again still comes back, and unloading meanwhile is possible', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'other.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
    await agent.client.loadModel('other.onnx', 'other');
    for (let round = 0; round < 3; round += 1) {
      const [worker] = agent.workers();
      if (worker !== undefined) process.kill(worker, 'SIGKILL');
      await eventually(() => agent.client.predict('other', [{ bytes: new Uint8Array(4) }]).then(() => true, () => false), 'the model to predict again');
    }
    const [worker = 0] = agent.workers();
    process.kill(worker, 'SIGKILL');
    await eventually(() => !isAlive(worker), 'the worker to be gone');
    await agent.client.unloadModel('other');
    expect(agent.workers()).toEqual([]);
  });
});

describe('the socket', () => {
  it('is open to owner and group, or as configured', async () => {
    const agent = await useAgent();
    expect((statSync(agent.socketPath).mode & 0o777).toString(8)).toBe('660');
    const other = await useAgent({ args: ['--unix-socket-mode', '0600', '--unix-socket-group', String(process.getgid?.())] });
    expect((statSync(other.socketPath).mode & 0o777).toString(8)).toBe('600');
  });

  it('file of a killed agent is replaced', async () => {
    const killed = await useAgent();
    expect(await killed.stop('SIGKILL')).toBe('SIGKILL');
    expect(existsSync(killed.socketPath)).toBe(true);
    const next = await useAgent({ folder: killed.folder });
    expect(await next.client.listModels()).toEqual([]);
  });

  it('that answers is left alone, and the second agent says so', async () => {
    const agent = await useAgent();
    const { code, stderr } = refusedStart('-f', '-a', agent.socketPath);
    expect(code).toBe(1);
    expect(stderr).toBe(`agent: The agent cannot serve on ${agent.socketPath}: another process answers there. Stop that agent, or choose another path (-a).\n`);
    expect(await agent.client.listModels()).toEqual([]);
  });

  it('path with a file in the way, in a missing folder, or too long is refused', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'precious'), 'data');
    expect(refusedStart('-a', join(folder, 'precious'))).toEqual({ code: 1, stderr: expect.stringContaining('a file that is no socket') });
    expect(refusedStart('-a', join(folder, 'missing', 'socket'))).toEqual({ code: 1, stderr: expect.stringContaining('does not exist') });
    expect(refusedStart('-a', join(folder, 'x'.repeat(110)))).toEqual({ code: 1, stderr: expect.stringContaining('at most 107 bytes') });
  });
});

describe('configuration', () => {
  it('reports every problem at once and exits 1', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'agent.json'), JSON.stringify({ QueueSize: 'many', UnixSocketMode: 'rw', LogLevel: 'loud' }));
    const { code, stderr } = refusedStart('-c', join(folder, 'agent.json'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/UnixSocketMode: expected an octal mode.*QueueSize: expected a whole number.*LogLevel: expected one of/s);
  });

  it('exits 2 on bad usage', () => {
    expect(refusedStart('--no-such-flag')).toEqual({ code: 2, stderr: expect.stringContaining("unknown option '--no-such-flag'") });
  });

  it('warns of keys it does not know and goes on', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'agent.json'), JSON.stringify({ Colour: 'green', QueueSize: '3' }));
    const agent = await useAgent({ folder, args: ['-c', 'agent.json'] });
    expect(agent.output()).toContain('"key":"Colour"');
  });

  it('takes the file of the original agent, and says what has no effect', async () => {
    const folder = await temporaryFolder();
    const certificates = join(folder, 'roots.pem');
    await writeFile(certificates, chainOf(await authority()));
    await writeFile(join(folder, 'original.json'), JSON.stringify({ ...originalConfiguration, sagemaker_edge_core_root_certs_path: certificates }));
    const agent = await useAgent({ folder, args: ['-f', '-c', 'original.json'] });
    expect(await agent.client.listModels()).toEqual([]);
    const lines = agent.output().trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(agent.output()).not.toContain('this version does not act on them');
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', key: 'sagemaker_edge_provider_provider', msg: expect.stringContaining('no effect: there are no provider libraries') }));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', key: 'sagemaker_edge_log_verbose', msg: expect.stringContaining('LogLevel is given too, and wins') }));
    expect(agent.output()).not.toContain('private.pem.key');
  });

  it('refuses a file of the original with every problem, under the keys it uses', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'original.json'), JSON.stringify({ ...originalConfiguration, sagemaker_edge_core_device_name: 'x'.repeat(64), sagemaker_edge_provider_s3_bucket_name: 'photos', QueueSize: 0 }));
    const { code, stderr } = refusedStart('-c', join(folder, 'original.json'), '-a', join(folder, 'agent.sock'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/sagemaker_edge_core_device_name: expected text of at most 63.*QueueSize: expected a whole number.*BucketName: expected a name that contains "sagemaker", got "photos"/s);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
