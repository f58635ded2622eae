import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { scrape } from '../helpers/metrics-page.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { agentMain, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

async function agentOn(providers: string, ...args: string[]): Promise<RunningAgent> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
  await writeFile(join(folder, 'bad.onnx'), 'no model');
  return useAgent({ folder, args: ['--execution-providers', providers, '--metrics-address', join(folder, 'metrics.sock'), ...args] });
}

type LogLine = { level: string | number; alias?: string; provider?: string; missing?: { provider: string; reason: string }[]; msg: string };

function logOf(agent: RunningAgent, text: string): LogLine[] {
  return agent.output().split('\n').filter((line) => line.startsWith('{') && line.includes(text)).map((line) => JSON.parse(line) as LogLine);
}

describe('execution providers', () => {
  test.each([
    ['cuda', ['cuda']],
    ['TensorRT, cuda, cpu', ['tensorrt', 'cuda']],
    // There is one in the bundled library for x64, which finds no device on a machine without Vulkan.
    ['webgpu,cuda', ['webgpu', 'cuda']],
  ])('that are not there, %s: the CPU predicts, and one warning says why', async (providers, missing) => {
    const agent = await agentOn(providers, '--instances', '2');
    await agent.client.loadModel('tiny.onnx', 'a');
    expect(await agent.client.predict('a', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
    const warnings = logOf(agent, 'model runs on');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ alias: 'a', provider: 'cpu' });
    expect(warnings[0]?.missing?.map(({ provider }) => provider).toSorted()).toEqual(missing.toSorted());
    for (const { reason } of warnings[0]?.missing ?? []) expect(reason).toMatch(/\S{3}/);
    expect(warnings[0]?.msg).toMatch(/^model runs on cpu: \w+ is not available \(.+\)/);
    expect((await scrape(join(agent.folder, 'metrics.sock'))).value('fescue_agent_model_info{model="a",provider="cpu"}')).toBe(1);
    await expect(agent.client.loadModel('bad.onnx', 'b')).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringContaining('Expected a complete ONNX model') as string });
  });

  test('are the CPU without a word', async () => {
    const agent = await agentOn('cpu');
    await agent.client.loadModel('tiny.onnx', 'a');
    expect(logOf(agent, 'model runs on')).toEqual([]);
    expect(logOf(agent, 'model loaded')).toEqual([expect.objectContaining({ provider: 'cpu' })]);
  });

  test('that nobody knows are refused at the start, with those there are', async () => {
    const folder = await temporaryFolder();
    const { status, stderr } = spawnSync(process.execPath, [agentMain, '-a', join(folder, 'a.sock'), '--execution-providers', 'cuda,rocm'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('ExecutionProviders: expected a list of tensorrt, cuda, webgpu, cpu with commas between, got "cuda,rocm"');
  });
});
