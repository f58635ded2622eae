import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Capture } from '../../components/common/agent-client.ts';
import { pairManifest, writePackage } from '../helpers/model-folder.ts';
import { useSegment } from '../helpers/segments.ts';
import { eventually } from '../helpers/use-agent.ts';
import { useSpoolingAgent, waiting, type SpoolingAgent } from '../helpers/use-spooling-agent.ts';

/** Room for ten captures of 100,000 bytes. */
const small = [...waiting, '--capture-spool-max-megabytes', '1'];
const bytes = 100_000;
const worth = (priority: string): Partial<Capture> => ({ auxiliaryInputs: [{ name: 'fescue-priority', encoding: 'NONE', bytes: Buffer.from(priority) }] });

async function idsOf(agent: SpoolingAgent, ids: readonly string[], status: string): Promise<string[]> {
  const statuses = await Promise.all(ids.map((id) => agent.client.captureStatus(id)));
  return ids.filter((_, index) => statuses[index] === status);
}

/** So many drops are counted and logged. */
async function expectDropped(agent: SpoolingAgent, count: number): Promise<void> {
  await eventually(async () => (await agent.metrics()).value('fescue_capture_dropped_total{reason="overflow"}') === count, `${count} drops to be counted`);
  expect([...agent.output().matchAll(/"count":(\d+),"total":(\d+),"msg":"captures given up to make room for newer ones \(CaptureOverflow\)"/g)].map(([, , total]) => Number(total)).at(-1)).toBe(count);
}

describe('where there is no room for a capture', () => {
  test('drop-oldest gives up the oldest, whatever they are worth', async () => {
    const agent = await useSpoolingAgent({ args: [...small, '--capture-overflow', 'drop-oldest'] });
    const ids = Array.from({ length: 14 }, (_, index) => `c${index}`);
    for (const [index, id] of ids.entries()) await agent.capture(id, { bytes, ...worth(index < 2 ? '9' : '1') });
    expect(await idsOf(agent, ids, 'FAILURE')).toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(await idsOf(agent, ids, 'IN_PROGRESS')).toEqual(ids.slice(4));
    await expect(agent.capture('c0')).rejects.toMatchObject({ kind: 'already-exists' });
    await expectDropped(agent, 4);
    await agent.stop('SIGKILL');
    const next = await useSpoolingAgent({ root: agent.root });
    expect(await idsOf(next, ids, 'FAILURE')).toEqual(['c0', 'c1', 'c2', 'c3']);
    await next.lines(10);
    expect(await next.ids()).toEqual(ids.slice(4).toSorted());
  });

  test('drop-lowest gives up what is worth least, by the capture or else by the package of its model', async () => {
    const agent = await useSpoolingAgent({ args: [...small, '--capture-overflow', 'drop-lowest'] });
    await writePackage(join(agent.folder, 'package'), { manifest: JSON.stringify(pairManifest({ capture: { priority: 2 } })) });
    await agent.client.loadModel('package', 'poor');
    const capture = async (id: string, more: Partial<Capture> = {}): Promise<string> => agent.capture(id, { bytes, ...more }).then(() => 'ok', (error: { kind: string }) => error.kind);
    const poor = ['p0', 'p1', 'p2'];
    const usual = ['u0', 'u1', 'u2', 'u3'];
    const dear = ['d0', 'd1', 'd2'];
    for (const id of dear) expect(await capture(id, worth('8'))).toBe('ok');
    for (const id of poor) expect(await capture(id, { model: 'poor' })).toBe('ok');
    for (const id of usual) expect(await capture(id)).toBe('ok');
    expect(await capture('less', worth('1'))).toBe('resource-exhausted');
    expect([await capture('x0'), await capture('x1', { model: 'poor', ...worth('9') })]).toEqual(['ok', 'ok']);
    expect(await idsOf(agent, [...poor, ...usual, ...dear], 'FAILURE')).toEqual(['p0', 'p1']);
    expect([await capture('x2', worth('3')), await capture('x3', worth('8')), await capture('x4', worth('8'))]).toEqual(['ok', 'ok', 'ok']);
    expect(await idsOf(agent, [...poor, ...usual, ...dear, 'x0', 'x1', 'x2', 'x3', 'x4'], 'FAILURE')).toEqual(['p0', 'p1', 'p2', 'u0', 'x2']);
    await expectDropped(agent, 5);
  });

  test('what a capture is worth may be in shared memory, too', async () => {
    const agent = await useSpoolingAgent({ args: [...small, '--capture-overflow', 'drop-lowest'] });
    const shared = { segmentId: useSegment(Buffer.from('7')), offset: 0, size: 1 };
    await agent.capture('shared', { bytes: 800_000, auxiliaryOutputs: [{ name: 'fescue-priority', encoding: 'NONE', shared }] });
    await expect(agent.capture('usual', { bytes: 800_000 })).rejects.toMatchObject({ kind: 'resource-exhausted' });
    await agent.capture('more', { bytes: 800_000, ...worth('8') });
    expect(await idsOf(agent, ['shared', 'more'], 'FAILURE')).toEqual(['shared']);
  });

  test('a capture that would never fit drops nothing', async () => {
    const agent = await useSpoolingAgent({ args: [...small, '--capture-overflow', 'drop-oldest'] });
    for (const id of ['a', 'b', 'c']) await agent.capture(id, { bytes });
    await expect(agent.capture('huge', { bytes: 2_000_000 })).rejects.toMatchObject({ kind: 'resource-exhausted' });
    expect(await idsOf(agent, ['a', 'b', 'c'], 'IN_PROGRESS')).toEqual(['a', 'b', 'c']);
  });
});
