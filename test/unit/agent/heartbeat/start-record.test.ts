import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StartRecord, type StartCounts } from '../../../../components/agent/heartbeat/start-record.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

async function startOn(path: string): Promise<{ record: StartRecord; counts: StartCounts; lines: Record<string, unknown>[] }> {
  const { log, lines } = useLogger();
  const record = new StartRecord({ path, log });
  await record.begin();
  return { record, counts: record.counts, lines };
}

test('starts are counted, and ends that were not in order', async () => {
  const path = join(await temporaryFolder(), 'new', 'agent-starts.json');
  const first = await startOn(path);
  expect(first.counts).toEqual({ starts: 1, crashes: 0 });
  await first.record.end();
  const second = await startOn(path);
  expect(second.counts).toEqual({ starts: 2, crashes: 0 });
  // Killed.
  expect((await startOn(path)).counts).toEqual({ starts: 3, crashes: 1 });
  expect((await startOn(path)).counts).toEqual({ starts: 4, crashes: 2 });
});

test('a write that was cut off leaves the counts before', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'agent-starts.json');
  await (await startOn(path)).record.end();
  await writeFile(`${path}.new`, '{"format":1,"sta');
  const { counts, record, lines } = await startOn(path);
  expect(counts).toEqual({ starts: 2, crashes: 0 });
  await record.end();
  expect(lines).toEqual([]);
  expect(await readdir(folder)).toEqual(['agent-starts.json']);
});

test.each(['', '{"format":1,', '[]', '{"format":2,"starts":1}', '{"format":1,"starts":-1,"crashes":0,"running":false}'])('a damaged file (%s) costs the counts, and is told once', async (content) => {
  const path = join(await temporaryFolder(), 'agent-starts.json');
  await writeFile(path, content);
  const { counts, lines } = await startOn(path);
  expect(counts).toEqual({ starts: 1, crashes: 0 });
  expect(lines).toMatchObject([{ level: 'warn', msg: 'the counts of starts and crashes cannot be read and begin anew' }]);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ format: 1, starts: 1, crashes: 0, running: true });
});

test('what cannot be written is told, and the agent goes on', async () => {
  const path = join(await temporaryFolder(), 'agent-starts.json');
  await mkdir(path);
  const { counts, record, lines } = await startOn(path);
  await record.end();
  expect(counts).toEqual({ starts: 1, crashes: 0 });
  expect(lines.map(({ msg }) => msg)).toContain('the counts of starts and crashes cannot be kept');
});
