import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { hasStatus, useSpoolingAgent, waiting, type SpoolingAgent } from '../helpers/use-spooling-agent.ts';

const startsIn = (agent: SpoolingAgent): number => agent.output().match(/there is no capture process/g)?.length ?? 0;

async function expectRefused(agent: SpoolingAgent, words: RegExp): Promise<void> {
  await expect(agent.capture('a')).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(words) as string });
}

describe('a spool folder that cannot be used', () => {
  test.each([
    ['is a file', async (file: string) => [file, 'EEXIST|ENOTDIR']],
    ['lies below a file', async (file: string) => [join(file, 'deep/down'), 'ENOTDIR']],
    ['may not be written', async () => ['/sys', 'EPERM|EACCES|EROFS']],
  ])('because it %s keeps nothing but captures from working', async (_, pathOf) => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const [path = '', codes] = await pathOf(file);
    const agent = await useSpoolingAgent({ args: ['--local-data-root-path', path] });
    await expectRefused(agent, new RegExp(`^The spool of captures cannot be opened: (?:${codes}).*\\. Correct its folder \\(LocalDataRootPath\\), its rights or its disk\\.$`));
    expect(await agent.client.captureStatus('a')).toBe('NOT_FOUND');
    expect((await agent.client.predict('m', [{ bytes: Uint8Array.of(1, 2) }]))[0]?.bytes).toEqual(Buffer.of(1, 2));
  });

  test('does not cost a process for each call, and is taken as soon as it is repaired', async () => {
    const root = join(await temporaryFolder(), 'data');
    await writeFile(root, '');
    const agent = await useSpoolingAgent({ args: ['--local-data-root-path', root] });
    for (let call = 0; call < 300; call += 1) await expectRefused(agent, /^The spool of captures cannot be opened: /);
    expect(startsIn(agent)).toBeLessThan(30);
    await rename(root, `${root}.away`);
    await eventually(() => agent.capture('repaired').then(() => true, () => false), 'captures to be taken');
    await hasStatus(agent, 'repaired', 'SUCCESS');
    expect(readdirSync(root)).toEqual(['capture-spool']);
  });
});

test('a spool folder that is removed under a running agent is made again, and nothing is taken that would not be kept', async () => {
  const agent = await useSpoolingAgent({ args: waiting });
  await agent.capture('gone');
  rmSync(agent.spoolFolder, { recursive: true });
  await expect(agent.capture('a')).rejects.toMatchObject({ kind: 'unavailable', message: `The spool ${agent.spoolFolder} is gone, and is made again. Send the capture again then; find out who removes it.` });
  await eventually(() => agent.capture('a').then(() => true, () => false), 'captures to be taken');
  expect(await agent.client.captureStatus('gone')).toBe('NOT_FOUND');
  await agent.stop('SIGKILL');
  expect(await (await useSpoolingAgent({ root: agent.root, args: waiting })).client.captureStatus('a')).toBe('IN_PROGRESS');
});

describe('a spool that was damaged while no agent ran', () => {
  /** The spool of five captures that wait, and its one segment. */
  async function useSpool(): Promise<{ agent: SpoolingAgent; path: string; content: Buffer }> {
    const agent = await useSpoolingAgent({ args: waiting });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await agent.capture(id, { content: Buffer.alloc(1_000, id) });
    await agent.stop('SIGKILL');
    const path = join(agent.spoolFolder, readdirSync(agent.spoolFolder).find((name) => name.endsWith('-p5.log')) ?? '');
    return { agent, path, content: readFileSync(path) };
  }

  function overwrite(path: string, position: number): void {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.from('\xff\xfe\xfd', 'latin1'), 0, 3, position);
    closeSync(file);
  }

  test.each([
    ['the description of one', (content: Buffer) => content.indexOf('"id":"b"'), 'NOT_FOUND', 0],
    ['the bytes of one', (content: Buffer) => content.indexOf(Buffer.alloc(1_000, 'b')) + 500, 'FAILURE', 1],
  ] as const)('in %s loses that one, and says so', async (_, positionIn, status, dropped) => {
    const { agent, path, content } = await useSpool();
    overwrite(path, positionIn(content));
    const next = await useSpoolingAgent({ root: agent.root });
    for (const id of ['a', 'c', 'd', 'e']) await hasStatus(next, id, 'SUCCESS');
    await hasStatus(next, 'b', status);
    expect(await next.ids()).toEqual(['a', 'c', 'd', 'e']);
    const counted = async (): Promise<unknown[]> => ['fescue_capture_quarantined_total', 'fescue_capture_dropped_total{reason="damaged"}', 'fescue_capture_delivered_total'].map((name) => page.value(name));
    let page = await next.metrics();
    await eventually(async () => (page = await next.metrics()).value('fescue_capture_delivered_total') === 4, 'the deliveries to be counted');
    expect(await counted()).toEqual([1, dropped, 4]);
    expect(next.output()).toMatch(/"msg":"(?:parts of the spool could not be read|capture given up)[^"]*quarantine folder/);
    expect(readdirSync(join(next.spoolFolder, 'quarantine')).filter((name) => name.endsWith('.bin'))).toHaveLength(1);
  });

  test('in its journal goes on without what was damaged', async () => {
    const { agent } = await useSpool();
    const between = await useSpoolingAgent({ root: agent.root });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await hasStatus(between, id, 'SUCCESS');
    await between.stop();
    const journal = join(agent.spoolFolder, 'outcomes.log');
    overwrite(journal, readFileSync(journal).lastIndexOf('"ended"'));
    const next = await useSpoolingAgent({ root: agent.root });
    await next.capture('f');
    await hasStatus(next, 'f', 'SUCCESS');
    await eventually(async () => (await next.metrics()).value('fescue_capture_quarantined_total') === 1, 'the damaged note to be counted');
    expect(await next.ids()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});
