import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HeartbeatLog } from '../../../scripts/local-nucleus/heartbeat-log.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

test('the file is renamed when it is full, also by the next process', async () => {
  const path = join(await temporaryFolder(), 'heartbeats.jsonl');
  const payload = Buffer.from(JSON.stringify({ text: 'x'.repeat(15_000) }));
  const message = { topic: 'fescue/fleet/a/b/heartbeat', payload };
  const first = new HeartbeatLog(path);
  for (let count = 0; count < 200; count += 1) first.keep(message);
  const second = new HeartbeatLog(path);
  for (let count = 0; count < 100; count += 1) second.keep(message);
  const sizes = await Promise.all([path, `${path}.1`].map(async (one) => (await stat(one)).size));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * 1024 ** 2);
  const lines = (await Promise.all([path, `${path}.1`].map(async (one) => readFile(one, 'utf8')))).join('').trimEnd().split('\n');
  expect(lines).toHaveLength(300);
});

test('a file that somebody has taken away is begun anew', async () => {
  const path = join(await temporaryFolder(), 'heartbeats.jsonl');
  const message = { topic: 'fescue/fleet/a/b/heartbeat', payload: Buffer.from(JSON.stringify({ text: 'x'.repeat(15_000) })) };
  const log = new HeartbeatLog(path);
  for (let count = 0; count < 200; count += 1) log.keep(message);
  // Until it has to be renamed.
  for (let count = 0; count < 100; count += 1) {
    await rm(path, { force: true });
    log.keep(message);
  }
  expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
});

test('what is too long for a heartbeat is not kept', async () => {
  const path = join(await temporaryFolder(), 'heartbeats.jsonl');
  new HeartbeatLog(path).keep({ topic: 'fescue/fleet/a/b/heartbeat', payload: Buffer.alloc(20_000, 'x') });
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
