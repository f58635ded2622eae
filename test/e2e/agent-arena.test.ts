import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { segmentsOf } from '../helpers/segments.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

/** An agent with a model that gives a list of any length back. */
async function useIdentity(): Promise<RunningAgent> {
  const agent = await useAgent();
  await writeFile(join(agent.folder, 'identity.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['n'] }]));
  await agent.client.loadModel('identity.onnx', 'identity');
  return agent;
}

/** `length` numbers that tell where they belong. */
function ramp(length: number, start: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length }, (_, index) => start + index).buffer);
}

const inputOf = (bytes: Uint8Array, name = 'x'): Parameters<RunningAgent['client']['predict']>[1][number] => ({ bytes, metadata: { name, dtype: 'FLOAT32', shape: [bytes.length / 4] } });

describe('a large tensor', () => {
  test('comes back as it went, whatever its size and its place in the message', async () => {
    const { client } = await useIdentity();
    for (const length of [1, 8_191, 8_192, 8_200, 300_000, 2_000_000, 262_144 - 10, 100]) {
      const bytes = ramp(length, length);
      // Without metadata the bytes lie elsewhere in the message.
      for (const input of [inputOf(bytes), { bytes }]) {
        const [output] = await client.predict('identity', [input]);
        expect(Buffer.compare(output?.bytes ?? new Uint8Array(), bytes)).toBe(0);
      }
    }
  });

  test('is not mixed up with others under way', async () => {
    const { client } = await useIdentity();
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, call) => {
        const bytes = ramp(20_000 + call, call * 1_000);
        const [output] = await client.predict('identity', [inputOf(bytes)]);
        return Buffer.compare(output?.bytes ?? new Uint8Array(), bytes);
      }),
    );
    expect(answers).toEqual(Array.from({ length: 40 }, () => 0));
  });

  test('is safe from the next one while the client of a running prediction is gone', async () => {
    const { client, folder } = await useAgent();
    await writeFile(join(folder, 'two.onnx'), identityModel([{ name: 'a', type: 'FLOAT32', shape: ['n'] }, { name: 'b', type: 'FLOAT32', shape: ['m'] }]));
    await client.loadModel('two.onnx', 'two');
    for (let round = 0; round < 20; round += 1) {
      const gone = new AbortController();
      const abandoned = client.predict('two', [inputOf(ramp(100_000, 1), 'a'), inputOf(ramp(1, 1), 'b')], { signal: gone.signal }).catch(() => undefined);
      setTimeout(() => gone.abort(), round / 4);
      const [a, b] = [ramp(50_000, round), ramp(60_000, -round)];
      const outputs = await client.predict('two', [inputOf(a, 'a'), inputOf(b, 'b')]);
      expect([outputs[0], outputs[1]].map((output, index) => Buffer.compare(output?.bytes ?? new Uint8Array(), index === 0 ? a : b))).toEqual([0, 0]);
      await abandoned;
    }
  });
});

test('large requests and large answers at once do not wait for each other', async () => {
  const { client } = await useIdentity();
  const bytes = ramp(150_000, 0);
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(Array.from({ length: 10 }, async () => client.predict('identity', [inputOf(bytes)])));
    expect(answers.length).toBe(10);
  }
});

describe('shared memory of the agent', () => {
  test('is gone with the model', async () => {
    const { client, pid } = await useIdentity();
    await client.predict('identity', [inputOf(ramp(100_000, 0))]);
    expect(segmentsOf(pid).length).toBe(1);
    await client.unloadModel('identity');
    expect(segmentsOf(pid)).toEqual([]);
  });

  test('is gone when agent and worker are killed', async () => {
    const agent = await useIdentity();
    await agent.client.predict('identity', [inputOf(ramp(100_000, 0))]);
    await agent.stop('SIGKILL');
    await eventually(() => segmentsOf(agent.pid).length === 0, 'the segments to go');
  });

  test('of a worker that is killed while it reads is replaced', async () => {
    const agent = await useIdentity();
    const { client } = agent;
    await client.predict('identity', [inputOf(ramp(100_000, 0))]);
    const [worker = 0] = agent.workers();
    const underWay = Array.from({ length: 10 }, async () => client.predict('identity', [inputOf(ramp(1_000_000, 0))]).catch(() => []));
    process.kill(worker, 'SIGKILL');
    await Promise.all(underWay);
    const bytes = ramp(100_000, 7);
    let output: Uint8Array | undefined;
    await eventually(async () => {
      output = (await client.predict('identity', [inputOf(bytes)]).catch(() => []))[0]?.bytes;
      return output !== undefined;
    }, 'the worker to be back');
    expect(Buffer.compare(output ?? new Uint8Array(), bytes)).toBe(0);
  });
});
