import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { capturedFiles } from '../helpers/captured-files.ts';
import { withFileLimit } from '../helpers/file-limit.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { expectCaptures, linesIn, useCapturingAgent } from '../helpers/use-capturing-agent.ts';

const toDisk = ['--capture-data-destination', 'Disk', '--capture-data-batch-size', '2', '--capture-data-push-period-seconds', '0.1'];
const ids = ['a', 'b/../../c', '../d', 'e\n', '\u{1f98a}'];

test('captures are files for their owner and group, by fleet, model and hour', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'capture/.partial~'), { recursive: true });
  await writeFile(join(folder, 'capture/.partial~/77-1'), 'half of an object');
  const agent = await useCapturingAgent({ folder, args: [...toDisk, '--device-fleet-name', 'line-2', '--folder-prefix', 'a/b'] });
  for (const id of ids) await agent.capture(id, { at: new Date('2023-12-31T23:59:59.999Z') });
  await agent.ended(ids);
  const files = await capturedFiles(join(folder, 'capture'));
  expectCaptures(files, ids);
  for (const key of files.keys()) {
    expect(key).toMatch(/^a\/b\/line-2\/pump\/2023\/12\/31\/23\/([0-9a-f]{32}\.jsonl|raw-data\/input-tensors\/[0-9a-f]{32}-0)$/);
    expect((await stat(join(folder, 'capture', key))).mode & 0o137).toBe(0);
    expect((await stat(join(folder, 'capture', dirname(key)))).mode & 0o027).toBe(0);
  }
  expect(linesIn(files)[0]?.eventMetadata).toMatchObject({ deviceFleetName: 'line-2', deviceId: 'camera-7', modelName: 'pump' });
  expect(linesIn(files)[0]?.deviceFleetInputs[0]?.['data-ref']).toMatch(/^file:\/\/\//);
});

test('captures wait for a folder that can be written, and the reason is told once', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file'), 'in the way');
  const agent = await useCapturingAgent({ folder, args: [...toDisk, '--capture-data-disk-path', 'file/capture'] });
  for (const id of ids) await agent.capture(id);
  await eventually(() => agent.logged('captures cannot be delivered now').length > 0, 'the reason');
  expect(await agent.statuses(ids)).toEqual(ids.map(() => 'IN_PROGRESS'));
  await rm(join(folder, 'file'));
  await agent.ended(ids);
  expectCaptures(await capturedFiles(join(folder, 'file/capture')), ids);
  expect(agent.logged('captures cannot be delivered now')).toMatchObject([{ fault: 'refused', reason: expect.stringMatching(/file\/capture cannot be written: ENOTDIR.*Check the disk, and CaptureDataDiskPath\.$/) as string }]);
});

test('captures wait for room on a disk that is full, and leave no half of an object', async () => {
  const folder = await temporaryFolder();
  const lots = Array.from({ length: 100 }, (_, index) => `capture-${index}`);
  const args = [...toDisk, '--capture-data-batch-size', '100', '--capture-data-buffer-size', '200', '--capture-data-push-period-seconds', '60', '--capture-spool-max-megabytes', '1'];
  const limited = await useCapturingAgent({ folder, args, wrap: (command) => withFileLimit(300_000, command) });
  // Each capture and its tensor fit, but not the lines of all.
  const note = { name: 'note', encoding: 'JSON' as const, bytes: Buffer.from(JSON.stringify('x'.repeat(3_000))) };
  for (const id of lots) await limited.capture(id, { auxiliary: note });
  await eventually(() => limited.logged('captures cannot be delivered now').length > 0, 'the reason');
  expect(limited.logged('captures cannot be delivered now')).toMatchObject([{ fault: 'refused', reason: expect.stringMatching(/capture cannot be written: EFBIG.*Make room on the disk\.$/) as string }]);
  expect(new Set(await limited.statuses(lots))).toEqual(new Set(['IN_PROGRESS']));
  expect([...(await capturedFiles(join(folder, 'capture'))).keys()].filter((key) => key.endsWith('.jsonl'))).toEqual([]);
  await limited.stop();

  const agent = await useCapturingAgent({ folder, args });
  await agent.ended(lots);
  expectCaptures(await capturedFiles(join(folder, 'capture')), lots);
  expect(await readdir(join(folder, 'capture/.partial~'))).toEqual([]);
});
