import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import koffi from 'koffi';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PredictInput } from '../../components/common/agent-client.ts';
import { SharedBuffer } from '../../components/common/shared-buffer.ts';
import { removeSegment, segmentStatus, statusLayout } from '../../components/common/shared-memory.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { childrenOf, isAlive } from '../helpers/processes.ts';
import { useSegment } from '../helpers/segments.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

/** An agent with a model that gives two inputs back: one of fixed, one of any length. */
async function useCopyingAgent(options: { args?: string[] } = {}): Promise<RunningAgent> {
  const agent = await useAgent(options);
  await writeFile(join(agent.folder, 'copy.onnx'), identityModel([{ name: 'a', type: 'FLOAT32', shape: [4] }, { name: 'b', type: 'FLOAT32', shape: ['n'] }]));
  await agent.client.loadModel('copy.onnx', 'copy');
  return agent;
}

const numbers = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const metadata = (name: string, length: number): { name: string; dtype: 'FLOAT32'; shape: number[] } => ({ name, dtype: 'FLOAT32', shape: [length] });
const b: PredictInput = { bytes: numbers(9), metadata: metadata('b', 1) };

/** What the model gives back for its first input. */
async function copyOf(agent: RunningAgent, first: PredictInput): Promise<number[]> {
  const [output] = await agent.client.predict('copy', [first, b]);
  return [...new Float32Array(Uint8Array.from(output?.bytes ?? []).buffer)];
}

const shared = (segmentId: number, offset = 0, size = 16): PredictInput => ({ shared: { segmentId, offset, size }, metadata: metadata('a', 4) });

describe('a tensor in shared memory', () => {
  test('is read where it lies, whole or part of a segment, with or without its size, name and metadata', async () => {
    const agent = await useCopyingAgent();
    const id = useSegment(numbers(1, 2, 3, 4, 5, 6));
    expect(await copyOf(agent, shared(id))).toEqual([1, 2, 3, 4]);
    expect(await copyOf(agent, shared(id, 8))).toEqual([3, 4, 5, 6]);
    expect(await copyOf(agent, shared(id, 4, 0))).toEqual([2, 3, 4, 5]);
    expect(await copyOf(agent, { shared: { segmentId: id, offset: 0, size: 0 } })).toEqual([1, 2, 3, 4]);
  });

  test('and others as bytes can be mixed in one call', async () => {
    const agent = await useCopyingAgent();
    const id = useSegment(numbers(1, 2, 3, 4, 5, 6));
    const outputs = await agent.client.predict('copy', [{ bytes: numbers(7, 7, 7, 7) }, { shared: { segmentId: id, offset: 0, size: 24 }, metadata: metadata('b', 6) }]);
    expect(outputs.map(({ bytes }) => bytes.length)).toEqual([16, 24]);
    const both = await agent.client.predict('copy', [shared(id), { shared: { segmentId: id, offset: 16, size: 8 }, metadata: metadata('b', 2) }]);
    expect(Buffer.compare(both[1]?.bytes ?? new Uint8Array(), numbers(5, 6))).toBe(0);
  });

  test('may change from call to call in a segment that stays', async () => {
    const agent = await useCopyingAgent();
    const buffer = new SharedBuffer(16);
    onTestFinished(() => buffer.close());
    for (let call = 0; call < 20; call += 1) {
      buffer.fill(numbers(call, 2, 3, 4));
      expect(await copyOf(agent, { shared: buffer.handle, metadata: metadata('a', 4) })).toEqual([call, 2, 3, 4]);
    }
    expect(segmentStatus(buffer.handle.segmentId)).toMatchObject({ mode: 0o400, attachments: 2 });
  });

  test('in a new segment for each call leaves none attached', async () => {
    const agent = await useCopyingAgent();
    const [worker = 0] = agent.workers();
    for (let call = 0; call < 50; call += 1) {
      const buffer = new SharedBuffer(16);
      buffer.fill(numbers(call, 0, 0, 0));
      expect((await copyOf(agent, { shared: buffer.handle, metadata: metadata('a', 4) }))[0]).toBe(call);
      buffer.close();
    }
    await copyOf(agent, { bytes: numbers(0, 0, 0, 0), metadata: metadata('a', 4) });
    await eventually(async () => (await attachedBy(worker)) === 0, 'the worker to let go');
  });
});

describe('a handle that cannot be used', () => {
  test.each<[string, () => PredictInput, string, RegExp]>([
    ['an unknown segment', () => shared(0x7fff_fff0), 'invalid-argument', /Input "a": Shared memory segment 2147483632 cannot be used: there is no such segment/],
    ['a removed segment', () => removed(), 'invalid-argument', /Input "a": .*(no such segment|removed)/],
    ['a writable segment', () => shared(useSegment(numbers(1, 2, 3, 4), 0o600)), 'failed-precondition', /Input "a": shared memory segment \d+ has mode 0600; expected one that nobody may write.*AllowWritableSharedMemory/],
    ['an executable segment', () => shared(useSegment(numbers(1, 2, 3, 4), 0o500)), 'failed-precondition', /has mode 0500/],
    ['a segment that is too small', () => shared(useSegment(numbers(1, 2, 3))), 'invalid-argument', /16 bytes at offset 0 lie outside of shared memory segment \d+, which has 12/],
    ['an offset past the end', () => shared(useSegment(numbers(1, 2, 3, 4)), 4), 'invalid-argument', /16 bytes at offset 4 lie outside/],
    ['a huge offset', () => shared(useSegment(numbers(1, 2, 3, 4)), 2 ** 53 + 2), 'invalid-argument', /the handle .* is out of range/],
    ['a huge size', () => shared(useSegment(numbers(1, 2, 3, 4)), 0, 2 ** 52), 'invalid-argument', /lie outside/],
    ['a huge id', () => shared(2 ** 40), 'invalid-argument', /the handle .* is out of range/],
    ['an offset between elements', () => shared(useSegment(numbers(1, 2, 3, 4, 5)), 2), 'invalid-argument', /offset 2 in shared memory segment \d+ is no multiple of the element size, 4/],
    ['a size that is not the shape\'s', () => shared(useSegment(numbers(1, 2, 3, 4)), 0, 12), 'invalid-argument', /takes 16 bytes, got 12/],
    ['a segment of another user', () => shared(owned(useSegment(numbers(1, 2, 3, 4)), 4242)), 'failed-precondition', /belongs to user 4242, and the agent runs as user \d+.*0444/],
  ])('%s is refused with its reason, and the next call works', async (_, inputOf, kind, text) => {
    const agent = await useCopyingAgent();
    await expect(copyOf(agent, inputOf())).rejects.toMatchObject({ kind, message: expect.stringMatching(text) as string });
    expect(await copyOf(agent, shared(useSegment(numbers(1, 2, 3, 4))))).toEqual([1, 2, 3, 4]);
  });

  test('because it has no size, nor has the model, is refused', async () => {
    const agent = await useCopyingAgent();
    const id = useSegment(numbers(1));
    const call = agent.client.predict('copy', [{ bytes: numbers(1, 2, 3, 4) }, { shared: { segmentId: id, offset: 0, size: 0 } }]);
    await expect(call).rejects.toMatchObject({ kind: 'invalid-argument', message: expect.stringMatching(/Input "b": a handle without a size takes the tensor's metadata/) as string });
  });
});

test('a segment of another user that all may read is taken, and a writable one where that is allowed', async () => {
  const agent = await useCopyingAgent({ args: ['--allow-writable-shared-memory', 'true'] });
  expect(await copyOf(agent, shared(owned(useSegment(numbers(1, 2, 3, 4), 0o444), 4242)))).toEqual([1, 2, 3, 4]);
  expect(await copyOf(agent, shared(useSegment(numbers(1, 2, 3, 4), 0o600)))).toEqual([1, 2, 3, 4]);
});

test('a client that removes its segment, or dies, between two calls does no harm', async () => {
  const agent = await useCopyingAgent();
  const id = useSegment(numbers(1, 2, 3, 4));
  await copyOf(agent, shared(id));
  removeSegment(id);
  await expect(copyOf(agent, shared(id))).rejects.toMatchObject({ kind: 'invalid-argument' });
  expect(childrenOf(agent.pid).every(isAlive)).toBe(true);
});

test('a worker that is killed while it has a segment lets go of it', async () => {
  const agent = await useCopyingAgent();
  const id = useSegment(numbers(1, 2, 3, 4));
  await copyOf(agent, shared(id));
  expect(segmentStatus(id).attachments).toBe(1);
  const [worker = 0] = agent.workers();
  process.kill(worker, 'SIGKILL');
  await eventually(() => segmentStatus(id).attachments === 0, 'the segment to be free');
  await eventually(async () => copyOf(agent, shared(id)).then((values) => values[3] === 4, () => false), 'the worker to be back');
});

/** Gives a segment to another user, as root may. */
function owned(id: number, uid: number): number {
  const shmctl = koffi.load(null).func('int shmctl(int id, int command, void *buffer)') as (id: number, command: number, buffer: Buffer) => number;
  const status = Buffer.alloc(statusLayout.bytes);
  if (shmctl(id, 2, status) !== 0) throw new Error('IPC_STAT failed');
  status.writeUInt32LE(uid, statusLayout.owner);
  if (shmctl(id, 1, status) !== 0) throw new Error('IPC_SET failed');
  return id;
}

function removed(): PredictInput {
  const id = useSegment(numbers(1, 2, 3, 4));
  removeSegment(id);
  return shared(id);
}

/** How many System V segments a process has mapped besides the agent's own arena. */
async function attachedBy(pid: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  return maps.split('\n').filter((line) => line.includes('/SYSV') && line.includes(' r--s ')).length;
}
