import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuxiliaryInput, PredictInput } from '../../components/common/agent-client.ts';
import { SharedBuffer } from '../../components/common/shared-buffer.ts';
import { removeSegment, segmentStatus } from '../../components/common/shared-memory.ts';
import { useSegment } from '../helpers/segments.ts';
import { eventually } from '../helpers/use-agent.ts';
import { bytesInput, firstBytes, useSpoolingAgent, waiting } from '../helpers/use-spooling-agent.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const shared = (segmentId: number, { offset = 0, size = 4 } = {}): PredictInput => ({ shared: { segmentId, offset, size }, metadata: { name: 's', dtype: 'UINT8', shape: [4] } });
const note = (segmentId: number, size: number): AuxiliaryInput => ({ name: 'note.json', encoding: 'JSON', shared: { segmentId, offset: 0, size } });

/** How many System V segments a process has mapped. */
async function mappedBy(pid: number): Promise<number> {
  return (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n').filter((line) => line.includes('/SYSV')).length;
}

test('tensors and data by handle and by bytes come out as they were sent, in their order', async () => {
  const agent = await useSpoolingAgent();
  const id = useSegment(bytes(1, 2, 3, 4, 5, 6, 7, 8));
  const text = useSegment(Buffer.from('{"a":1}'));
  await agent.capture('mixed', {
    inputs: [shared(id), bytesInput(bytes(9, 9), 'b'), shared(id, { offset: 4 }), shared(id, { size: 0 })],
    outputs: [bytesInput(bytes(7), 'o'), shared(id, { offset: 2 })],
    auxiliaryInputs: [note(text, 7), { name: 'plain', encoding: 'CSV', bytes: Buffer.from('1,2') }],
    auxiliaryOutputs: [note(text, 7)],
  });
  const [line] = await agent.lines(1);
  const contents = (entries: readonly { data?: string | undefined }[] | undefined): number[][] => (entries ?? []).map(({ data = '' }) => [...Buffer.from(data, 'base64')]);
  expect(contents(line?.deviceFleetInputs)).toEqual([[1, 2, 3, 4], [9, 9], [5, 6, 7, 8], [1, 2, 3, 4]]);
  expect(contents(line?.deviceFleetOutputs)).toEqual([[7], [3, 4, 5, 6]]);
  expect([line?.deviceFleetAuxiliaryInputs, line?.deviceFleetAuxiliaryOutputs].map((entries) => entries?.map(({ data }) => data))).toEqual([['{"a":1}', '1,2'], ['{"a":1}']]);
});

describe('a handle that cannot be used', () => {
  test.each<[string, () => { inputs?: PredictInput[]; auxiliaryOutputs?: AuxiliaryInput[] }, string, RegExp]>([
    ['a writable segment', () => ({ inputs: [shared(useSegment(bytes(1, 2, 3, 4), 0o600))] }), 'failed-precondition', /^CaptureData: input tensor 0 \("s"\): shared memory segment \d+ has mode 0600.*AllowWritableSharedMemory/],
    ['a part past the end', () => ({ inputs: [bytesInput(bytes(1)), shared(useSegment(bytes(1, 2, 3, 4)), { offset: 1 })] }), 'invalid-argument', /^CaptureData: input tensor 1 \("s"\): 4 bytes at offset 1 lie outside of shared memory segment \d+, which has 4/],
    ['a removed segment', () => ({ inputs: [shared(removed())] }), 'invalid-argument', /input tensor 0 \("s"\): .*(no such segment|removed)/],
    ['a size that is not the shape\'s', () => ({ inputs: [shared(useSegment(bytes(1, 2, 3, 4)), { size: 3 })] }), 'invalid-argument', /as UINT8 \[4\] takes 4 bytes, got 3/],
    ['a huge size', () => ({ auxiliaryOutputs: [note(useSegment(bytes(1, 2)), 2 ** 52)] }), 'invalid-argument', /auxiliary output 0 \("note\.json"\): \d+ bytes at offset 0 lie outside/],
    ['data without a size', () => ({ auxiliaryOutputs: [note(useSegment(bytes(1, 2)), 0)] }), 'invalid-argument', /auxiliary output 0 \("note\.json"\) has a shared_memory_handle without a size; expected the length of the data/],
  ])('%s is refused with its reason, and the same id is free after that', async (_, partsOf, kind, text) => {
    const agent = await useSpoolingAgent();
    await expect(agent.capture('a', partsOf())).rejects.toMatchObject({ kind, message: expect.stringMatching(text) as string });
    expect(await agent.client.captureStatus('a')).toBe('NOT_FOUND');
    await agent.capture('a', { inputs: [shared(useSegment(bytes(5, 6, 7, 8)))] });
    expect([...firstBytes((await agent.lines(1))[0] ?? expect.unreachable())]).toEqual([5, 6, 7, 8]);
  });
});

test('a segment may be written again as soon as the call is answered', async () => {
  const agent = await useSpoolingAgent({ args: waiting });
  const buffer = new SharedBuffer(16);
  onTestFinished(() => buffer.close());
  for (let call = 1; call <= 50; call += 1) {
    buffer.fill(new Uint8Array(16).fill(call));
    await agent.capture(`c${call}`, { inputs: [{ shared: buffer.handle, metadata: { name: 's', dtype: 'UINT8', shape: [16] } }] });
  }
  buffer.fill(new Uint8Array(16).fill(255));
  await agent.stop();
  const lines = await (await useSpoolingAgent({ root: agent.root })).lines(50);
  const wrong = lines.filter((line) => firstBytes(line).some((byte) => `c${byte}` !== line.eventMetadata.eventId));
  expect([lines.length, wrong]).toEqual([50, []]);
});

test('what is written into a segment in the middle of calls makes no capture that counts as damaged', async () => {
  const agent = await useSpoolingAgent({ args: ['--allow-writable-shared-memory', 'true', '--capture-data-batch-size', '5'] });
  const size = 2_000_000;
  const buffer = new SharedBuffer(size);
  onTestFinished(() => buffer.close());
  let [running, value] = [true, 0];
  const writeOn = (): void => {
    buffer.fill(new Uint8Array(size).fill((value += 1)));
    if (running) setImmediate(writeOn);
  };
  writeOn();
  for (let call = 0; call < 20; call += 1) await agent.capture(`c${call}`, { inputs: [{ shared: buffer.handle, metadata: { name: 's', dtype: 'UINT8', shape: [size] } }] });
  running = false;
  await agent.lines(20);
  await eventually(async () => (await agent.metrics()).value('fescue_capture_delivered_total') === 20, 'all to be counted');
  expect((await agent.metrics()).value('fescue_capture_dropped_total{reason="damaged"}')).toBe(0);
});

test('segments that their client removed are let go of, and one that stays is attached once', async () => {
  const agent = await useSpoolingAgent();
  const stays = useSegment(bytes(1, 2, 3, 4));
  for (let call = 0; call < 50; call += 1) {
    const buffer = new SharedBuffer(4);
    buffer.fill(bytes(call, 0, 0, 0));
    await agent.capture(`c${call}`, { inputs: [shared(buffer.handle.segmentId), shared(stays)] });
    buffer.close();
  }
  await agent.capture('last', { inputs: [shared(stays)] });
  expect([segmentStatus(stays).attachments, await mappedBy(agent.capturePid())]).toEqual([1, 1]);
});

function removed(): number {
  const id = useSegment(bytes(1, 2, 3, 4));
  removeSegment(id);
  return id;
}
