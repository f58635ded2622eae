import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDiskDestination } from '../../../../components/agent/capture/disk-destination.ts';
import { DeliveryError } from '../../../../components/agent/capture/destination.ts';
import { ObjectSender } from '../../../../components/agent/capture/object-sender.ts';
import { PeriodicUpload } from '../../../../components/agent/capture/periodic-upload.ts';
import { parseCaptureLine } from '../../../../components/common/capture-format.ts';
import { captureKey, captureLineOf, linesText, put, referredEntry } from '../../../helpers/capture-files.ts';
import { memoryDestination, type MemoryDestination } from '../../../helpers/memory-destination.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { useLogger } from '../../../helpers/use-logger.ts';
import { eventually } from '../../../helpers/use-agent.ts';

const periodMs = 8_000;
const startMs = Date.UTC(2023, 2, 14, 20);

/** Tells whether somebody lies down to sleep again. */
class CountingClock extends SimulatedClock {
  sleeps = 0;

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps += 1;
    await super.sleep(ms, signal);
  }
}

type Setup = { folder: string; destination: MemoryDestination; clock: SimulatedClock; upload: PeriodicUpload; lines: Record<string, unknown>[]; passes: (count?: number) => Promise<void>; restart: () => Promise<void> };

/** A periodic upload from a folder to memory. `passes` lets it look through the folder so many times, and waits until it has. */
async function setUp(folder?: string): Promise<Setup> {
  const root = folder ?? (await temporaryFolder());
  const [clock, destination] = [new CountingClock(startMs), memoryDestination()];
  const { log, lines } = useLogger();
  const sender = new ObjectSender({ destination, clock, log, random: () => 0 });
  const open = (): PeriodicUpload => new PeriodicUpload({ folder: root, destination, sender, periodMs, clock, log });
  let upload = open();
  upload.start();
  onTestFinished(async () => upload.stop());
  const passes = async (count = 1): Promise<void> => {
    for (let pass = 0; pass < count; pass += 1) {
      const before = clock.sleeps;
      await clock.advance(periodMs);
      // It works with real files, which takes real time; then it sleeps again.
      await eventually(() => clock.sleeps > before, 'the end of a pass');
    }
  };
  const restart = async (): Promise<void> => {
    await upload.stop();
    upload = open();
    upload.start();
  };
  return { folder: root, destination, clock, lines, passes, restart, get upload() { return upload; } };
}

const objectName = '0123456789abcdef0123456789abcdef-0';

/** A line with a tensor in an object of its own, as the disk destination leaves it. @returns the keys of both */
async function putCapture(folder: string, id: string, options: { at?: string; model?: string } = {}): Promise<{ lineKey: string; dataKey: string }> {
  const lineKey = captureKey({ name: id, ...options });
  const dataKey = `${dirname(lineKey)}/raw-data/input-tensors/${id}-${objectName}`;
  const reference = pathToFileURL(await put(folder, dataKey, `data of ${id}`)).href;
  await put(folder, lineKey, linesText([captureLineOf({ id, ...options, inputs: [referredEntry({ name: 'x', contentType: 'Tensor[UINT8; 9]', reference })] })]));
  return { lineKey, dataKey };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).toSorted();
}

test('everything is uploaded under the same keys, refers to the bucket, and is removed', async () => {
  const { folder, destination, passes, upload } = await setUp();
  const made = [await putCapture(folder, 'a'), await putCapture(folder, 'b', { at: '2023-03-14T17:00:00' }), await putCapture(folder, 'c', { model: 'raw-data' })];
  await passes();
  expect([...destination.objects.keys()].toSorted()).toEqual(made.flatMap(({ lineKey, dataKey }) => [lineKey, dataKey]).toSorted());
  for (const { lineKey, dataKey } of made) {
    const line = parseCaptureLine(destination.objects.get(lineKey)?.toString() ?? '');
    expect(line.deviceFleetInputs[0]?.['data-ref']).toBe(`memory:/${dataKey}`);
    expect(destination.objects.get(dataKey)?.toString()).toBe(`data of ${line.eventMetadata.eventId}`);
  }
  expect(await filesIn(folder)).toEqual([]);
  expect(upload.captures).toBe(3);
});

test.each(['.hidden', 'raw-data', '2023/03/14/16'])('a prefix may be %s', async (prefix) => {
  const { folder, destination, passes } = await setUp();
  const key = `${prefix}/fleet/pump/2023/03/14/16/x.jsonl`;
  await put(folder, key, linesText([captureLineOf({ id: 'x' })]));
  await passes();
  expect([...destination.objects.keys()]).toEqual([key]);
});

test('drafts and data without a line are no captures', async () => {
  const { folder, destination, passes } = await setUp();
  await put(folder, '.partial~/1-1.jsonl', linesText([captureLineOf({ id: 'draft' })]));
  await put(folder, `${dirname(captureKey())}/raw-data/auxiliary-inputs/1-0.jsonl`, linesText([captureLineOf({ id: 'data' })]));
  await passes();
  expect([destination.objects.size, (await filesIn(folder)).length]).toEqual([0, 2]);
});

test('the data goes first and the line last, and nothing is removed before that', async () => {
  const { folder, destination, clock, passes } = await setUp();
  const { lineKey, dataKey } = await putCapture(folder, 'a');
  let isThere = false;
  destination.before = ({ key }) => {
    if (key === lineKey && !isThere) throw new DeliveryError('unreachable', 'offline');
  };
  await clock.advance(periodMs);
  await eventually(() => destination.objects.has(dataKey), 'the data');
  expect(await filesIn(folder)).toEqual([lineKey, dataKey].toSorted());
  isThere = true;
  await clock.advance(periodMs);
  await eventually(async () => (await filesIn(folder)).length === 0, 'the end of the upload');
  await passes();
  expect(destination.objects.size).toBe(2);
});

test('the line is removed last, for without it nobody would find what it refers to; a fault of the disk is told once and tried again', async () => {
  const { folder, destination, passes, lines } = await setUp();
  const { lineKey, dataKey } = await putCapture(folder, 'a');
  destination.before = async ({ key }) => {
    if (key !== lineKey) return;
    // What cannot be removed.
    await rm(join(folder, dataKey));
    await mkdir(join(folder, dataKey, 'in-the-way'), { recursive: true });
  };
  await passes();
  expect(await filesIn(folder)).toEqual([lineKey]);
  destination.before = () => undefined;
  await rm(join(folder, dataKey), { recursive: true });
  await passes();
  expect(await filesIn(folder)).toEqual([]);
  expect(lines).toMatchObject([{ level: 'error', file: join(folder, lineKey) }]);
});

describe('an end in between', () => {
  test.each(['before the line went', 'before anything was removed', 'before the line was removed'])('%s loses nothing, and repeats the same keys', async (moment) => {
    const { folder, destination, passes, restart } = await setUp();
    const { lineKey, dataKey } = await putCapture(folder, 'a');
    const [line, data] = [await readFile(join(folder, lineKey)), await readFile(join(folder, dataKey))];
    await passes();
    const [sentLine, sentData] = [destination.objects.get(lineKey), destination.objects.get(dataKey)];
    // As it was at that moment.
    if (moment === 'before the line went') destination.objects.delete(lineKey);
    await put(folder, lineKey, line);
    if (moment !== 'before the line was removed') await put(folder, dataKey, data);
    await restart();
    await passes();
    expect([...destination.objects.keys()].toSorted()).toEqual([lineKey, dataKey].toSorted());
    expect([destination.objects.get(lineKey), destination.objects.get(dataKey)]).toEqual([sentLine, sentData]);
    expect(await filesIn(folder)).toEqual([]);
  });

  test('amid an upload stops it, and the files stay', async () => {
    const { folder, destination, clock, upload } = await setUp();
    const { lineKey, dataKey } = await putCapture(folder, 'a');
    const asked = Promise.withResolvers<void>();
    destination.before = async (_, signal) => {
      asked.resolve();
      await clock.sleep(3_600_000, signal);
      signal.throwIfAborted();
    };
    await clock.advance(periodMs);
    await asked.promise;
    await upload.stop();
    expect(await filesIn(folder)).toEqual([lineKey, dataKey].toSorted());
  });
});

describe('a file that is none of ours', () => {
  test.each([
    ['no JSON', 'not json\n', /it is no JSON/],
    ['half a line', linesText([captureLineOf({ id: 'x' })]).slice(0, -20), /it is no JSON/],
    ['one bad line of two', `${linesText([captureLineOf({ id: 'x' })])}{"a": 1}\n`, /deviceFleetInputs/],
    ['bytes', Buffer.from(Array.from({ length: 256 }, (_, value) => value)), /it is no JSON/],
    ['a reference that is no path', linesText([captureLineOf({ id: 'x', inputs: [referredEntry({ name: 'x', contentType: 'jpg', reference: 'file://another-host/path' })] })]), /host/],
  ])('%s: is told once, left alone, and stops nobody', async (_, content, reason) => {
    const { folder, destination, passes, lines } = await setUp();
    const foreign = await put(folder, 'aaa/foreign.jsonl', content);
    await passes();
    const { lineKey } = await putCapture(folder, 'good');
    await passes(2);
    expect(lines).toMatchObject([{ level: 'error', file: foreign, reason: expect.stringMatching(reason) as string, msg: 'captured data stays in its folder: it cannot be uploaded' }]);
    expect(destination.objects.has(lineKey)).toBe(true);
    expect((await readFile(foreign)).equals(Buffer.from(content))).toBe(true);
  });

  test('what is called otherwise is not looked at', async () => {
    const { folder, destination, passes, lines } = await setUp();
    await put(folder, 'notes.txt', 'notes');
    await symlink('/etc/hosts', join(folder, 'link.jsonl'));
    await passes();
    expect([destination.objects.size, lines.length, (await filesIn(folder)).length]).toEqual([0, 0, 2]);
  });

  test('a line the destination rejects stays, and is told', async () => {
    const { folder, destination, clock, lines, passes } = await setUp();
    const { lineKey } = await putCapture(folder, 'a');
    destination.before = ({ key }) => {
      if (key === lineKey) throw new DeliveryError('rejected', 'not this one');
    };
    await clock.advance(periodMs);
    await eventually(async () => {
      await clock.advance(1_000);
      return lines.some(({ reason, level }) => level === 'error' && reason === 'not this one');
    }, 'it to be told');
    await passes();
    expect(await filesIn(folder)).toHaveLength(2);
  });
});

test('references that lead elsewhere stay as they are, and nothing there is uploaded or removed', async () => {
  const [{ folder, destination, passes }, elsewhere] = [await setUp(), await temporaryFolder()];
  await writeFile(join(elsewhere, 'secret'), 'secret');
  await mkdir(join(folder, 'links'));
  await symlink(join(elsewhere, 'secret'), join(folder, 'links/file'));
  await symlink(elsewhere, join(folder, 'links/folder'));
  const references = [pathToFileURL(join(elsewhere, 'secret')).href, 'file:///etc/passwd', `${pathToFileURL(folder).href}/../${elsewhere.split('/').at(-1)}/secret`, pathToFileURL(join(folder, 'links/file')).href, pathToFileURL(join(folder, 'links/folder/secret')).href, pathToFileURL(folder).href, 's3://another/key', 'https://example.org/x', '/etc/passwd'];
  await put(folder, captureKey(), linesText([captureLineOf({ id: 'x', inputs: references.map((reference) => referredEntry({ name: 'x', contentType: 'jpg', reference })) })]));
  await passes();
  expect([...destination.objects.keys()]).toEqual([captureKey()]);
  const line = parseCaptureLine(destination.objects.get(captureKey())?.toString() ?? '');
  expect(line.deviceFleetInputs.map((entry) => entry['data-ref'])).toEqual(references);
  expect(await readFile(join(elsewhere, 'secret'), 'utf8')).toBe('secret');
  expect((await filesIn(folder)).toSorted()).toEqual(['links/file', 'links/folder']);
});

test('the folder itself may be a link', async () => {
  const link = join(await temporaryFolder(), 'capture');
  await symlink(await temporaryFolder(), link);
  const { folder, destination, passes } = await setUp(link);
  const { dataKey } = await putCapture(folder, 'a');
  await passes();
  expect(destination.objects.get(dataKey)?.toString()).toBe('data of a');
});

describe('the folder', () => {
  test('may not be there yet', async () => {
    const { folder, destination, passes, lines } = await setUp(join(await temporaryFolder(), 'none'));
    await passes();
    const { lineKey } = await putCapture(folder, 'a');
    await passes();
    expect([destination.objects.has(lineKey), lines.length]).toEqual([true, 0]);
  });

  test('is told once when it cannot be read, and read as soon as it can be', async () => {
    const folder = join(await temporaryFolder(), 'capture');
    await writeFile(folder, 'a file');
    const { destination, passes, lines } = await setUp(folder);
    await passes(3);
    expect(lines).toMatchObject([{ level: 'error', folder, reason: expect.stringContaining('ENOTDIR') as string }]);
    await rm(folder);
    const { lineKey } = await putCapture(folder, 'a');
    await passes();
    expect(destination.objects.has(lineKey)).toBe(true);
  });

  test('keeps no folders of hours that are over', async () => {
    const { folder, passes, restart } = await setUp();
    const { lineKey } = await putCapture(folder, 'a');
    const now = await putCapture(folder, 'b', { at: '2023-03-14T19:59:00' });
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    const changedAt = async (path: string, atMs: number): Promise<void> => utimes(path, atMs / 1000, atMs / 1000);
    await passes();
    for (const entry of names.filter((one) => one.isDirectory())) await changedAt(join(entry.parentPath, entry.name), startMs - 2 * 3_600_000);
    await changedAt(join(folder, dirname(now.lineKey)), startMs - 1_000);
    // It tidies with its first pass, and every hour.
    await restart();
    await passes();
    await expect(stat(join(folder, dirname(lineKey)))).rejects.toThrow('ENOENT');
    expect((await stat(join(folder, dirname(now.lineKey)))).isDirectory()).toBe(true);
  });
});

test('captures that come from the disk destination meanwhile are all uploaded', async () => {
  const { folder, destination, passes } = await setUp();
  const disk = await openDiskDestination({ folder, freeFloorBytes: 0 });
  const never = new AbortController().signal;
  const writing = (async () => {
    for (let index = 0; index < 30; index += 1) {
      const at = `2023-03-14T16:11:${10 + index}`;
      const dataKey = `${dirname(captureKey())}/raw-data/input-tensors/${index}`;
      await disk.put({ key: dataKey, body: Buffer.from(`data ${index}`), contentType: '' }, never);
      await disk.put({ key: captureKey({ name: `${index}` }), body: Buffer.from(linesText([captureLineOf({ id: `${index}`, at, inputs: [referredEntry({ name: 'x', contentType: 'jpg', reference: disk.urlOf(dataKey) })] })])), contentType: '' }, never);
    }
  })();
  for (let pass = 0; pass < 10; pass += 1) await passes();
  await writing;
  await passes();
  const texts = [...destination.objects].filter(([key]) => key.endsWith('.jsonl')).map(([, body]) => body.toString());
  expect(texts.map((text) => Number(parseCaptureLine(text).eventMetadata.eventId)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  expect(destination.objects.size).toBe(60);
  expect(await filesIn(folder)).toEqual([]);
});
