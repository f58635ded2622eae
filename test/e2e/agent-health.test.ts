import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { healthClient } from '../helpers/health-client.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

async function loadTiny(agent: RunningAgent, ...aliases: string[]): Promise<void> {
  await writeFile(join(agent.folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
  for (const alias of aliases) await agent.client.loadModel('tiny.onnx', alias);
}

describe('health', () => {
  it('is told for the agent, its service and each loaded model', async () => {
    const agent = await useAgent();
    const health = healthClient(agent.socketPath);
    expect(await Promise.all(['', 'AWS.SageMaker.Edge.Agent', 'model/a', 'a'].map(health.check))).toEqual(['SERVING', 'SERVING', status.NOT_FOUND, status.NOT_FOUND]);
    await loadTiny(agent, 'a', 'b');
    await agent.client.loadModel('missing.onnx', 'c').catch(() => undefined);
    const serving = { status: 'SERVING' };
    expect(await health.list()).toEqual({ '': serving, 'AWS.SageMaker.Edge.Agent': serving, 'model/a': serving, 'model/b': serving });
    await agent.client.unloadModel('a');
    expect(await Promise.all(['', 'model/a', 'model/b'].map(health.check))).toEqual(['SERVING', status.NOT_FOUND, 'SERVING']);
  });

  it('of a model follows its worker, and a watch sees every change', async () => {
    const agent = await useAgent();
    const health = healthClient(agent.socketPath);
    const model = health.watch('model/a');
    const whole = health.watch('');
    await eventually(() => model.seen.length === 1 && whole.seen.length === 1, 'both watches to begin');
    await loadTiny(agent, 'a');
    await eventually(() => model.seen.length === 2, 'the loaded model to be seen');
    const [worker = 0] = agent.workers();
    process.kill(worker, 'SIGKILL');
    await eventually(() => model.seen.length === 4, 'the restarted model to be seen');
    expect(await health.check('model/a')).toBe('SERVING');
    await agent.client.unloadModel('a');
    await eventually(() => model.seen.length === 5, 'the unloaded model to be seen');
    expect(model.seen).toEqual(['SERVICE_UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVING', 'SERVICE_UNKNOWN']);
    expect(whole.seen).toEqual(['SERVING']);
  });

  it('watches neither outlive their client nor hold up a stopping agent', async () => {
    const agent = await useAgent({ args: ['--stop-timeout-seconds', '120'] });
    const health = healthClient(agent.socketPath);
    const dropped = health.watch('');
    const kept = health.watch('');
    await eventually(() => dropped.seen.length === 1 && kept.seen.length === 1, 'both watches to begin');
    dropped.stream.cancel();
    await eventually(dropped.ended, 'the cancelled watch to end');
    expect(await agent.stop()).toBe(0);
    await eventually(kept.ended, 'the other watch to end');
    expect(kept.seen).toEqual(['SERVING', 'NOT_SERVING']);
  });
});
