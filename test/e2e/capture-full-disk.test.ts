import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withFileLimit } from '../helpers/file-limit.ts';
import { eventually } from '../helpers/use-agent.ts';
import { hasStatus, useSpoolingAgent, waiting, type SpoolingAgent } from '../helpers/use-spooling-agent.ts';

type Told = { taken: string[]; refused: { id: string; error: unknown }[] };

/** Captures one after the other, and notes what the agent said of each. */
async function captureAll(agent: SpoolingAgent, captures: readonly { id: string; bytes: number }[]): Promise<Told> {
  const told: Told = { taken: [], refused: [] };
  for (const { id, bytes } of captures) {
    await agent.capture(id, { bytes }).then(
      () => told.taken.push(id),
      (error: unknown) => told.refused.push({ id, error }),
    );
  }
  return told;
}

/** Everything that was taken is delivered once by an agent that has room, and nothing else; what was refused can be sent again. */
async function expectDelivered(root: string, { taken, refused }: Told): Promise<void> {
  const agent = await useSpoolingAgent({ root });
  for (const { id } of refused) expect(await agent.client.captureStatus(id)).toBe('NOT_FOUND');
  for (const id of taken) await hasStatus(agent, id, 'SUCCESS');
  for (const { id } of refused) await agent.capture(id);
  for (const { id } of refused) await hasStatus(agent, id, 'SUCCESS');
  expect(await agent.ids()).toEqual([...taken, ...refused.map(({ id }) => id)].toSorted());
  expect(existsSync(join(agent.spoolFolder, 'quarantine'))).toBe(false);
  expect((await agent.metrics()).value('fescue_capture_dropped_total{reason="damaged"}')).toBe(0);
}

const noRoom = { kind: 'resource-exhausted', message: expect.stringMatching(/^The capture cannot be kept: there is no room below .*capture-spool \(EFBIG.*Make room, or lower CaptureSpoolMaxMegabytes\.$/) as string };
const many = (count: number, bytes: number, name = 'c'): { id: string; bytes: number }[] => Array.from({ length: count }, (_, index) => ({ id: `${name}${index}`, bytes }));
const longName = 'x'.repeat(1_000);

test.each([
  { when: 'a segment can grow no more', limit: 300_000, captures: many(20, 50_000), refused: ['c5', 'c11', 'c17'] },
  { when: 'not even a new segment takes it', limit: 300_000, captures: [...many(2, 10), ...many(3, 400_000, 'large'), ...many(2, 10, 'small')], refused: ['large0', 'large1', 'large2'] },
  { when: 'there is no room for a reserve either', limit: 100_000, captures: many(8, 30_000), refused: ['c3', 'c7'] },
])('what is taken while $when is safe, what is refused is not there, and killing the agent changes nothing', async ({ limit, captures, refused }) => {
  const agent = await useSpoolingAgent({ args: waiting, wrap: (command) => withFileLimit(limit, command) });
  const told = await captureAll(agent, captures);
  expect(told.refused.map(({ id }) => id)).toEqual(refused);
  for (const { error } of told.refused) expect(error).toMatchObject(noRoom);
  for (const id of told.taken) expect(await agent.client.captureStatus(id)).toBe('IN_PROGRESS');
  // Nothing is left of what was refused.
  const segments = readdirSync(agent.spoolFolder).filter((name) => /^\d+-p\d\.log$/.test(name));
  const bytes = segments.reduce((sum, name) => sum + statSync(join(agent.spoolFolder, name)).size, 0);
  await eventually(async () => (await agent.metrics()).value('fescue_capture_spool_bytes') === bytes, `the ${bytes} bytes of the segments to be those of the captures`);
  await agent.stop('SIGKILL');
  await expectDelivered(agent.root, told);
});

test('deliveries go on while segments cannot grow', async () => {
  const agent = await useSpoolingAgent({ wrap: (command) => withFileLimit(300_000, command) });
  const told = await captureAll(agent, many(30, 250_000));
  for (const id of told.taken) await hasStatus(agent, id, 'SUCCESS');
  for (const { error } of told.refused) expect(error).toMatchObject(noRoom);
  expect(told.taken.length).toBeGreaterThan(10);
  await agent.stop();
  await expectDelivered(agent.root, told);
});

test('what cannot be noted any more is delivered when it can, and not twice', async () => {
  const agent = await useSpoolingAgent({ wrap: (command) => withFileLimit(64 * 1024, command) });
  const told = await captureAll(agent, many(100, 10, longName));
  await hasStatus(agent, `${longName}0`, 'SUCCESS');
  expect(told.taken.length).toBeGreaterThan(80);
  const statuses = await Promise.all(told.taken.map((id) => agent.client.captureStatus(id)));
  expect(new Set(statuses)).toEqual(new Set(['SUCCESS', 'IN_PROGRESS']));
  await agent.stop('SIGKILL');
  await expectDelivered(agent.root, told);
});

test('a journal that cannot be written anew is gone on with', async () => {
  const before = await useSpoolingAgent();
  const done = await captureAll(before, many(80, 10, longName));
  for (const id of done.taken) await hasStatus(before, id, 'SUCCESS');
  await before.stop('SIGKILL');

  const agent = await useSpoolingAgent({ root: before.root, wrap: (command) => withFileLimit(40_000, command) });
  for (const id of done.taken) expect(await agent.client.captureStatus(id)).toBe('SUCCESS');
  const told = await captureAll(agent, many(10, 1_000));
  expect(told.refused).toEqual([]);
  await agent.stop('SIGKILL');
  await expectDelivered(before.root, { taken: [...done.taken, ...told.taken], refused: [] });
});

test('the spool takes as much as CaptureSpoolMaxMegabytes, and more when that is delivered', async () => {
  const agent = await useSpoolingAgent({ args: [...waiting, '--capture-spool-max-megabytes', '1'] });
  const told = await captureAll(agent, many(12, 100_000));
  expect(told.taken).toHaveLength(10);
  for (const { error } of told.refused) expect(error).toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/^The capture takes 100\d{3} bytes, and \d+ of 1048576 are left for captures that wait\. Let what waits be delivered, raise CaptureSpoolMaxMegabytes or lower CaptureFreeDiskMegabytes, or give up older captures with CaptureOverflow\.$/) as string });
  await agent.stop();
  await expectDelivered(agent.root, told);
});

test('what CaptureFreeDiskMegabytes keeps free is not taken', async () => {
  const agent = await useSpoolingAgent({ args: ['--capture-free-disk-megabytes', '10000000'] });
  const told = await captureAll(agent, many(2, 10));
  expect(told.taken).toEqual([]);
  for (const { error } of told.refused) expect(error).toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/^The capture takes \d+ bytes, and the disk has \d+ left, of which 10485760000000 stay free\. Let what waits be delivered/) as string });
  await agent.stop();
  await expectDelivered(agent.root, told);
});
