import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SharedBuffer } from '../../components/common/shared-buffer.ts';
import { isAlive } from '../helpers/processes.ts';
import { segmentsOf } from '../helpers/segments.ts';
import { eventually } from '../helpers/use-agent.ts';
import { bytesInput, firstBytes, useSpoolingAgent } from '../helpers/use-spooling-agent.ts';

const MB = 1024 * 1024;

/** What a process holds in memory of its own, in bytes. */
function privateBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

describe('a capture of 200 MiB', () => {
  test('as bytes is refused with a remedy, costs the agent no memory for long, and the next capture is taken', async () => {
    const agent = await useSpoolingAgent();
    await agent.capture('before');
    const [workers, before] = [agent.workers(), privateBytes(agent.pid)];
    const content = new Uint8Array(200 * MB);
    for (const id of ['a', 'b', 'c']) {
      await expect(agent.capture(id, { content })).rejects.toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/^Expected a request message of at most 67108864 bytes \(MaxMessageMegabytes: 64\), got 2097\d+ bytes\. Send large tensors in shared memory/) as string });
    }
    await agent.capture('after');
    expect(await agent.client.captureStatus('a')).toBe('NOT_FOUND');
    expect([agent.workers(), workers.every(isAlive)]).toEqual([workers, true]);
    await eventually(() => privateBytes(agent.pid) < before + 100 * MB, 'the agent to give memory back');
  });

  test('in shared memory is refused with a remedy and not even read, and the next capture is taken', async () => {
    const agent = await useSpoolingAgent();
    await agent.capture('before');
    const buffer = new SharedBuffer(200 * MB);
    onTestFinished(() => buffer.close());
    const pid = agent.capturePid();
    const before = privateBytes(pid);
    const large = { shared: buffer.handle, metadata: { name: 's', dtype: 'UINT8' as const, shape: [200 * MB] } };
    for (const id of ['a', 'b', 'c']) {
      await expect(agent.capture(id, { inputs: [large] })).rejects.toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/^CaptureData: expected at most 67108864 bytes of tensors and data \(MaxMessageMegabytes: 64\), got 209715200 or more\. Capture less, or raise MaxMessageMegabytes\.$/) as string });
    }
    await agent.capture('after');
    expect(privateBytes(pid)).toBeLessThan(before + 100 * MB);
    expect(agent.capturePid()).toBe(pid);
  });
});

test('a capture of 60 MiB arrives whole, by bytes and by shared memory', async () => {
  const agent = await useSpoolingAgent();
  const content = new Uint8Array(60 * MB).map((_, index) => index * 7 + (index >> 12));
  const buffer = new SharedBuffer(content.length);
  onTestFinished(() => buffer.close());
  buffer.fill(content);
  await agent.capture('bytes', { content });
  await agent.capture('shared', { inputs: [{ shared: buffer.handle, metadata: { name: 's', dtype: 'UINT8', shape: [content.length] } }] });
  const lines = await agent.lines(2);
  for (const { deviceFleetInputs: [entry] } of lines) expect(Buffer.compare(await readFile(fileURLToPath(entry?.['data-ref'] ?? '')), content)).toBe(0);
  expect(lines.map(({ eventMetadata }) => eventMetadata.eventId).toSorted()).toEqual(['bytes', 'shared']);
  // Nobody keeps the memory it was handed over in, and the next one is taken all the same.
  await eventually(() => segmentsOf(agent.pid).length === 0, 'the memory to be free');
  await agent.capture('smaller', { bytes: MB });
  expect(segmentsOf(agent.pid)).toHaveLength(1);
  await agent.lines(3);
});

test('empty tensors, scalars, no tensors at all and a thousand small ones arrive as they were sent', async () => {
  const agent = await useSpoolingAgent();
  const many = Array.from({ length: 1_000 }, (_, index) => bytesInput(Uint8Array.of(index, index >> 8), `t${index}`));
  await agent.capture('nothing', { inputs: [] });
  await agent.capture('empty', { inputs: [{ bytes: new Uint8Array(), metadata: { name: 'e', dtype: 'FLOAT32', shape: [0, 4] } }] });
  await agent.capture('scalar', { inputs: [{ bytes: Uint8Array.of(0, 0, 128, 63), metadata: { name: 's', dtype: 'FLOAT32', shape: [] } }] });
  await agent.capture('many', { inputs: many, outputs: many });
  const lines = new Map((await agent.lines(4)).map((line) => [line.eventMetadata.eventId, line]));
  expect(lines.get('nothing')).toMatchObject({ deviceFleetInputs: [], deviceFleetOutputs: [] });
  expect(lines.get('empty')?.deviceFleetInputs).toMatchObject([{ name: 'e', observedContentType: 'Tensor[FLOAT32; 0, 4]', data: '' }]);
  expect(lines.get('scalar')?.deviceFleetInputs).toMatchObject([{ name: 's', observedContentType: expect.stringMatching(/^Tensor\[FLOAT32;? ?\]$/) as string, data: 'AACAPw==' }]);
  const found = lines.get('many');
  expect([found?.deviceFleetInputs.length, found?.deviceFleetOutputs.length, found?.deviceFleetInputs[700]?.data]).toEqual([1_000, 1_000, Buffer.of(700 & 255, 2).toString('base64')]);
  expect(firstBytes(found ?? expect.unreachable())).toEqual(Buffer.of(0, 0));
});
