import { describe, expect, onTestFinished, test } from 'vitest';
import { FescueError, type ErrorKind } from '../../../components/common/errors.ts';
import { segmentStatus } from '../../../components/common/shared-memory.ts';
import type { Tensor } from '../../../components/common/tensor.ts';
import { openAgentContenders, transports, type AgentContenders, type AgentModel, type Transport } from '../../../scripts/measure/contenders.ts';

const inputs: Tensor[] = [{ name: 'x', dtype: 'UINT8', shape: [3], bytes: Uint8Array.of(1, 2, 3) }];

/** An agent that refuses tensors handed over in certain ways, and the segments it has seen. */
function agentRefusing(refusals: Partial<Record<Transport, ErrorKind>>): { agent: AgentModel; segments: number[] } {
  const segments: number[] = [];
  const predict: AgentModel['client']['predict'] = async (_, [tensor]) => {
    if (tensor !== undefined && 'shared' in tensor) segments.push(tensor.shared.segmentId);
    const refusal = refusals[tensor !== undefined && 'shared' in tensor ? 'shared-memory' : 'bytes'];
    if (refusal !== undefined) throw new FescueError(refusal, 'It was refused.');
    return [];
  };
  return { agent: { client: { predict }, alias: 'm', agentPid: undefined }, segments };
}

async function open(agent: AgentModel, wanted: readonly Transport[] = transports): Promise<AgentContenders> {
  const found = await openAgentContenders(agent, { inputs, transports: wanted, signal: new AbortController().signal });
  onTestFinished(found.close);
  return found;
}

const isGone = (id: number): boolean => {
  try {
    segmentStatus(id);
    return false;
  } catch (error) {
    return error instanceof FescueError;
  }
};

describe('contenders of an agent', () => {
  test('are the ways that were asked for; their segments go when they are closed', async () => {
    const { agent, segments } = agentRefusing({});
    const both = await open(agent);
    expect(both).toMatchObject({ contenders: [{ name: 'bytes' }, { name: 'shared-memory' }], notes: [] });
    expect(both.contenders[0]?.cpuMs()).toBeUndefined();
    expect(segments.map(isGone)).toEqual([false]);
    both.close();
    expect(segments.map(isGone)).toEqual([true]);
    expect((await open(agent, ['bytes'])).contenders.map(({ name }) => name)).toEqual(['bytes']);
    expect((await open(agent, ['shared-memory'])).contenders.map(({ name }) => name)).toEqual(['shared-memory']);
  });

  test('are without shared memory when the agent refuses it', async () => {
    const { agent, segments } = agentRefusing({ 'shared-memory': 'failed-precondition' });
    expect(await open(agent)).toMatchObject({ contenders: [{ name: 'bytes' }], notes: ['Shared memory cannot be used: It was refused.'] });
    expect(segments.map(isGone)).toEqual([true]);
  });

  test.each([
    ['shared memory that is all that was asked for', { 'shared-memory': 'failed-precondition' }, ['shared-memory'], 'failed-precondition', /^It was refused\.$/],
    ['an agent that is gone', { 'shared-memory': 'unavailable' }, transports, 'unavailable', /^It was refused\.$/],
    ['a model that does not run', { bytes: 'internal' }, transports, 'internal', /does not run on the made-up input "x" UINT8 \[3\]: It was refused\. .*--shape/],
    ['an input that does not fit', { bytes: 'invalid-argument' }, transports, 'invalid-argument', /made-up input/],
  ] as const)('are not found for %s', async (_, refusals, wanted, kind, message) => {
    const { agent, segments } = agentRefusing(refusals);
    await expect(open(agent, wanted)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) as string });
    expect(segments.every(isGone)).toBe(true);
  });
});
