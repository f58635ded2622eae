import { closeSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Batch, Spool } from '../../../../components/agent/capture/spool.ts';
import { newCapture, testSpool } from '../../../helpers/spool-captures.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const MB = 1024 * 1024;
const kinds = (spool: Spool, ...captures: Parameters<Spool['accept']>[0]): (string | undefined)[] => spool.accept(captures).map((refusal) => refusal?.kind);
const idsOf = (batch: Batch | undefined): string[] => batch?.entries.map(({ id }) => id) ?? [];
const segments = (folder: string): string[] => readdirSync(folder).filter((name) => /^\d+-p\d\.log$/.test(name)).toSorted();

/** The ids of all batches, in the order they are delivered. */
function drain(spool: Spool): string[] {
  const ids: string[] = [];
  for (let batch = spool.nextBatch(); batch !== undefined; batch = spool.nextBatch()) {
    ids.push(...idsOf(batch));
    spool.delivered(batch);
  }
  return ids;
}

describe.each(['on the disk', 'in memory'])('a spool %s', (where) => {
  const open = async (options: Parameters<typeof testSpool>[1] = {}): Promise<ReturnType<typeof testSpool>> => testSpool(where === 'on the disk' ? join(await temporaryFolder(), 'spool') : undefined, options);

  test('gives back what it took, and tells what became of it', async () => {
    const { spool } = await open();
    expect(kinds(spool, newCapture('a', { bytes: 5, fill: 1 }), newCapture('b'))).toEqual([undefined, undefined]);
    expect([spool.status('a'), spool.status('c')]).toEqual(['IN_PROGRESS', 'NOT_FOUND']);
    const batch = spool.nextBatch();
    expect(idsOf(batch)).toEqual(['a', 'b']);
    const [first] = batch?.entries ?? [];
    if (batch === undefined || first === undefined) throw new Error('no batch');
    expect(spool.read(first)).toMatchObject({ description: { id: 'a', inputs: [{ name: 'x', shape: [5] }] }, payload: Buffer.alloc(5, 1) });
    expect(spool.status('a')).toBe('IN_PROGRESS');
    spool.delivered(batch);
    expect([spool.status('a'), spool.status('b'), spool.usage()]).toEqual(['SUCCESS', 'SUCCESS', { captures: 0, bytes: 0, oldestMs: undefined }]);
  });

  test('takes each id once: in a group, while it waits, and when it is done', async () => {
    const { spool } = await open();
    expect(kinds(spool, newCapture('a'), newCapture('a'), newCapture('b'))).toEqual([undefined, 'already-exists', undefined]);
    expect(kinds(spool, newCapture('a'))).toEqual(['already-exists']);
    drain(spool);
    expect(kinds(spool, newCapture('a'))).toEqual(['already-exists']);
  });

  test('puts captures of one model and hour together, up to the size of a batch', async () => {
    const { spool } = await open();
    const hour = 3_600_000;
    const captures = [['a', 'm', 0], ['b', 'n', 0], ['c', 'm', 0], ['d', 'm', hour], ['e', 'm', 0], ['f', 'm', 0]] as const;
    spool.accept(captures.map(([id, model, offset]) => newCapture(id, { model, atMs: 1_700_000_000_000 + offset })));
    const batches = Array.from({ length: 5 }, () => idsOf(spool.nextBatch()));
    expect(batches).toEqual([['a', 'c', 'e'], ['b'], ['d'], ['f'], []]);
  });

  test.each([
    ['oldest-first', ['a', 'b', 'c', 'd', 'e']],
    ['important-first', ['e', 'c', 'd', 'a', 'b']],
  ] as const)('delivers %s', async (order, expected) => {
    const { spool } = await open({ order, batchSize: 1 });
    for (const [id, priority] of [['a', 5], ['b', 1], ['c', 9], ['d', 5], ['e', 9]] as const) spool.accept([newCapture(id, { priority })]);
    expect(drain(spool)).toEqual(expected);
  });

  test('follows another order, size of batches and answer to overflow', async () => {
    const { spool } = await open({ order: 'oldest-first', batchSize: 1 });
    for (const [id, priority] of [['a', 1], ['b', 9], ['c', 5], ['d', 9]] as const) spool.accept([newCapture(id, { priority })]);
    expect(idsOf(spool.nextBatch())).toEqual(['a']);
    spool.tune({ order: 'important-first', batchSize: 2, overflow: 'drop-oldest' });
    expect(idsOf(spool.nextBatch())).toEqual(['b', 'd']);
  });

  test('gives up what cannot be delivered, and the others of its batch go on', async () => {
    const { spool, dropped } = await open();
    spool.accept([newCapture('a'), newCapture('b')]);
    const batch = spool.nextBatch();
    const [first] = batch?.entries ?? [];
    if (batch === undefined || first === undefined) throw new Error('no batch');
    spool.giveUp(first, 'rejected', 'the destination says no');
    spool.delivered(batch);
    expect([spool.status('a'), spool.status('b'), dropped]).toEqual(['FAILURE', 'SUCCESS', ['1 rejected']]);
  });

  test('refuses what does not fit, and takes it when there is room again', async () => {
    const { spool } = await open({ budgetBytes: MB });
    const large = (id: string): ReturnType<typeof newCapture> => newCapture(id, { bytes: 400_000 });
    expect(kinds(spool, large('a'), large('b'), large('c'))).toEqual([undefined, undefined, 'resource-exhausted']);
    expect(spool.usage().bytes).toBeLessThanOrEqual(MB);
    drain(spool);
    expect(kinds(spool, large('c'))).toEqual([undefined]);
    expect(spool.accept([newCapture('huge', { bytes: 2 * MB })])[0]?.message).toMatch(/^The capture takes 2097\d+ bytes, and \d+ of 1048576 are left .*CaptureSpoolMaxMegabytes.*CaptureOverflow/);
  });

  test('counts of a group only what is taken, and tells nobody that a capture is safe which was not taken', async () => {
    const { spool } = await open({ budgetBytes: MB });
    expect(kinds(spool, newCapture('huge', { bytes: 2 * MB }), newCapture('huge', { bytes: 2 * MB }), newCapture('a'), newCapture('huge'))).toEqual(['resource-exhausted', 'resource-exhausted', undefined, undefined]);
    expect([spool.status('a'), spool.status('huge')]).toEqual(['IN_PROGRESS', 'IN_PROGRESS']);
  });

  test('drops the oldest for a new one, but never one that is being delivered', async () => {
    const { spool, dropped } = await open({ budgetBytes: MB, overflow: 'drop-oldest', batchSize: 1 });
    for (const id of ['a', 'b', 'c']) spool.accept([newCapture(id, { bytes: 300_000 })]);
    const delivering = spool.nextBatch();
    expect(idsOf(delivering)).toEqual(['a']);
    expect(kinds(spool, newCapture('d', { bytes: 300_000 }))).toEqual([undefined]);
    expect(['a', 'b', 'c', 'd'].map((id) => spool.status(id))).toEqual(['IN_PROGRESS', 'FAILURE', 'IN_PROGRESS', 'IN_PROGRESS']);
    expect(dropped).toEqual(['1 overflow']);
    expect(spool.usage().bytes).toBeLessThanOrEqual(MB);
    expect(kinds(spool, newCapture('huge', { bytes: 2 * MB }))).toEqual(['resource-exhausted']);
    expect(spool.status('c')).toBe('IN_PROGRESS');
  });

  test('drops the lowest priority first, and refuses what is worth less than all that wait', async () => {
    const { spool } = await open({ budgetBytes: MB, overflow: 'drop-lowest' });
    const capture = (id: string, priority: number): string | undefined => kinds(spool, newCapture(id, { bytes: 300_000, priority }))[0];
    expect([capture('a', 5), capture('b', 3), capture('c', 9), capture('d', 5)]).toEqual([undefined, undefined, undefined, undefined]);
    expect(spool.status('b')).toBe('FAILURE');
    expect(capture('e', 2)).toBe('resource-exhausted');
    expect([capture('f', 9), capture('g', 9)]).toEqual([undefined, undefined]);
    expect(['a', 'c', 'd', 'f', 'g'].map((id) => spool.status(id))).toEqual(['FAILURE', 'IN_PROGRESS', 'FAILURE', 'IN_PROGRESS', 'IN_PROGRESS']);
  });
});

test('a spool in memory takes as many as the buffer has places', () => {
  const { spool } = testSpool(undefined, { bufferSize: 2 });
  expect(kinds(spool, newCapture('a'), newCapture('b'), newCapture('c'))).toEqual([undefined, undefined, 'resource-exhausted']);
  expect(spool.accept([newCapture('c')])[0]?.message).toMatch(/^2 captures wait .*\(CaptureDataBufferSize\)/);
});

test('what the disk must keep free is not taken', async () => {
  const { spool } = testSpool(join(await temporaryFolder(), 'spool'), { freeFloorBytes: 2 ** 52 });
  expect(spool.accept([newCapture('a')])[0]?.message).toMatch(/^The capture takes \d+ bytes, and the disk has \d+ left, of which 4503599627370496 stay free\./);
});

describe('a spool that is opened again', () => {
  test('goes on where it was: what waits, what was delivered, what failed, the order', async () => {
    const folder = join(await temporaryFolder(), 'spool');
    const { spool } = testSpool(folder);
    for (const id of ['a', 'b', 'c', 'd', 'e']) spool.accept([newCapture(id, { bytes: 1_000 })]);
    const first = spool.nextBatch();
    if (first === undefined) throw new Error('no batch');
    const [entry] = first.entries;
    if (entry !== undefined) spool.giveUp(entry, 'rejected', 'no');
    spool.delivered(first);
    // Not closed: as after a kill.
    const again = testSpool(folder).spool;
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => again.status(id))).toEqual(['FAILURE', 'SUCCESS', 'SUCCESS', 'IN_PROGRESS', 'IN_PROGRESS', 'NOT_FOUND']);
    expect(kinds(again, newCapture('a'), newCapture('f'))).toEqual(['already-exists', undefined]);
    expect(drain(again)).toEqual(['d', 'e', 'f']);
    expect(segments(folder)).toEqual([]);
  });

  test('delivers a batch that was begun under the same id with the same captures, whatever came since', async () => {
    const folder = join(await temporaryFolder(), 'spool');
    const { spool } = testSpool(folder);
    spool.accept([newCapture('a'), newCapture('b')]);
    const begun = spool.nextBatch();
    spool.accept([newCapture('c')]);
    const second = testSpool(folder).spool;
    second.accept([newCapture('d')]);
    const third = testSpool(folder).spool;
    const again = third.nextBatch();
    expect([again?.id, idsOf(again)]).toEqual([begun?.id, ['a', 'b']]);
    expect(idsOf(third.nextBatch())).toEqual(['c', 'd']);
  });

  test('knows how old the oldest capture of a batch is that was begun', async () => {
    const folder = join(await temporaryFolder(), 'spool');
    const { spool } = testSpool(folder);
    spool.accept([newCapture('a', { atMs: 1_600_000_000_000 })]);
    spool.nextBatch();
    spool.accept([newCapture('b')]);
    expect(testSpool(folder).spool.usage()).toMatchObject({ captures: 2, oldestMs: 1_600_000_000_000 });
  });

  test('remembers the outcome of the last 20,000 captures, and forgets the oldest', async () => {
    const folder = join(await temporaryFolder(), 'spool');
    const options = { batchSize: 1_000 };
    const { spool } = testSpool(folder, options);
    for (let start = 0; start < 20_100; start += 100) {
      spool.accept(Array.from({ length: 100 }, (_, index) => newCapture(`c${start + index}`)));
      if (start % 1_000 === 0) drain(spool);
    }
    drain(spool);
    const again = testSpool(folder, options).spool;
    expect(['c0', 'c99', 'c100', 'c20099'].map((id) => again.status(id))).toEqual(['NOT_FOUND', 'NOT_FOUND', 'SUCCESS', 'SUCCESS']);
  });
});

describe('damage', () => {
  const write = (path: string, position: number, bytes: Uint8Array): void => {
    const file = openSync(path, 'r+');
    writeSync(file, bytes, 0, bytes.length, position);
    closeSync(file);
  };
  /** Three captures in one segment. */
  async function three(): Promise<{ folder: string; path: string; record: number }> {
    const folder = join(await temporaryFolder(), 'spool');
    const { spool } = testSpool(folder);
    spool.accept(['a', 'b', 'c'].map((id) => newCapture(id, { bytes: 1_000 })));
    const path = join(folder, segments(folder)[0] ?? '');
    return { folder, path, record: statSync(path).size / 3 };
  }
  const reasons = (folder: string): { file: string; bytes: number; reason: string }[] =>
    readFileSync(join(folder, 'quarantine/reasons.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { file: string; bytes: number; reason: string });

  test('of a header costs its record, which is put aside with a reason, and the rest goes on', async () => {
    const { folder, path, record } = await three();
    write(path, record + 60, Buffer.from('!!!!'));
    const { spool, quarantined, logged } = testSpool(folder);
    expect(['a', 'b', 'c'].map((id) => spool.status(id))).toEqual(['IN_PROGRESS', 'NOT_FOUND', 'IN_PROGRESS']);
    const [reason] = reasons(folder);
    expect(reason).toMatchObject({ bytes: record, reason: 'the header of a record is damaged' });
    expect(statSync(join(folder, 'quarantine', reason?.file ?? '')).size).toBe(record);
    expect([quarantined(), logged.join('')]).toEqual([1, expect.stringContaining('parts of the spool could not be read')]);
    expect(drain(spool)).toEqual(['a', 'c']);
  });

  test('of the bytes of a record is found when it is read, and its capture is known until then', async () => {
    const { folder, path, record } = await three();
    write(path, record + record - 10, Buffer.from('!!!!'));
    const { spool } = testSpool(folder);
    expect(['a', 'b', 'c'].map((id) => spool.status(id))).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'IN_PROGRESS']);
    const batch = spool.nextBatch();
    expect(() => batch?.entries.map((entry) => spool.read(entry))).toThrow('its bytes are not those that were written');
  });

  test.each([1, 39, 41, 500])('of the end, %i bytes of which are missing, is taken for a write that was not finished', async (missing) => {
    const { folder, path, record } = await three();
    truncateSync(path, 3 * record - missing);
    const { spool, quarantined } = testSpool(folder);
    expect([spool.status('c'), quarantined(), statSync(path).size]).toEqual(['NOT_FOUND', 0, 2 * record]);
    expect(kinds(spool, newCapture('c'))).toEqual([undefined]);
    expect(drain(testSpool(folder).spool)).toEqual(['a', 'b', 'c']);
  });

  test('of a whole segment leaves a spool that goes on', async () => {
    const { folder, path, record } = await three();
    write(path, 0, Buffer.alloc(3 * record, 0xff));
    const { spool, quarantined } = testSpool(folder);
    expect([spool.usage().captures, quarantined(), segments(folder)]).toEqual([0, 1, []]);
    expect(kinds(spool, newCapture('a'))).toEqual([undefined]);
  });

  test('of the journal costs the damaged lines', async () => {
    const { folder } = await three();
    const before = testSpool(folder).spool;
    drain(before);
    before.accept([newCapture('d')]);
    drain(before);
    const path = join(folder, 'outcomes.log');
    const text = readFileSync(path, 'utf8');
    write(path, text.indexOf('"d"'), Buffer.from('"e"'));
    const { spool, quarantined } = testSpool(folder);
    expect([spool.status('a'), spool.status('d'), quarantined()]).toEqual(['SUCCESS', 'NOT_FOUND', 1]);
  });

  test('fills no disk: the oldest of what was put aside goes', async () => {
    const { folder, path, record } = await three();
    // Room for two records of 1,000 bytes.
    const budgetBytes = Math.ceil(8 * 2.5 * record);
    for (const round of [0, 1, 2]) {
      write(path, round * record + 50, Buffer.from('!!!!'));
      testSpool(folder, { budgetBytes });
    }
    expect(reasons(folder).length).toBeGreaterThan(2);
    const kept = readdirSync(join(folder, 'quarantine')).filter((name) => name.endsWith('.bin')).map((name) => statSync(join(folder, 'quarantine', name)).size);
    expect(kept.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(budgetBytes / 8);
  });
});
