import { appendFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CaptureStore } from '../../../scripts/captures/capture-store.ts';
import { findCaptures, type CaptureProblem } from '../../../scripts/captures/find-captures.ts';
import { openFolderStore } from '../../../scripts/captures/folder-store.ts';
import type { CaptureFilter } from '../../../scripts/captures/layout.ts';
import { captureKey, captureLineOf, linesText, put, putHours } from '../../helpers/capture-files.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

type Found = { ids: string[]; problems: CaptureProblem[]; read: string[] };

async function find(folder: string, filter: CaptureFilter = {}): Promise<Found> {
  const found: Found = { ids: [], problems: [], read: [] };
  const inner = await openFolderStore(folder);
  const store: CaptureStore = {
    ...inner,
    read: async (key) => {
      found.read.push(key);
      return inner.read(key);
    },
  };
  for await (const { line } of findCaptures(store, { filter, onProblem: (problem) => found.problems.push(problem) })) found.ids.push(line.eventMetadata.eventId);
  return found;
}

const epoch = (time: string): number => Date.parse(`${time}Z`);

test('finds by model and time, and does not read hours and models that cannot match', async () => {
  const folder = await temporaryFolder();
  await putHours(folder, { count: 48 });
  await putHours(folder, { count: 3, model: 'valve' });
  expect((await find(folder)).ids).toHaveLength(51);
  const valves = await find(folder, { model: 'valve' });
  expect(valves).toMatchObject({ ids: ['valve-0', 'valve-1', 'valve-2'], problems: [] });
  expect(valves.read).toHaveLength(3);
  const filter = { since: epoch('2023-03-14T22:30:00'), until: epoch('2023-03-15T01:30:00'), model: 'pump' };
  const some = await find(folder, filter);
  expect(some.ids).toEqual(['pump-22', 'pump-23', 'pump-24']);
  expect(some.read.length).toBeLessThanOrEqual(6);
  // The folder of the model, of a month: keys tell less, and the lines decide.
  for (const inside of ['sme-capture/fleet/pump', 'sme-capture/fleet/pump/2023/03']) expect((await find(join(folder, inside), filter)).ids).toEqual(some.ids);
  expect((await find(folder, { id: 'pump-7' })).ids).toEqual(['pump-7']);
  expect(await find(folder, { model: 'none' })).toEqual({ ids: [], problems: [], read: [] });
});

test('finds captures that lie in the hour after', async () => {
  const folder = await temporaryFolder();
  await put(folder, captureKey({ at: '2023-03-15T00:00:02' }), linesText([captureLineOf({ id: 'late', at: '2023-03-14T23:59:59' })]));
  expect((await find(folder, { until: epoch('2023-03-15T00:00:00') })).ids).toEqual(['late']);
});

test('fleets and models whose names look like dates are found', async () => {
  const folder = await temporaryFolder();
  await put(folder, '2023/03/2024/05/06/07/x.jsonl', linesText([captureLineOf({ id: 'x', model: '03', at: '2024-05-06T07:08:09' })]));
  expect((await find(folder, { model: '03', since: epoch('2024-05-06T00:00:00') })).ids).toEqual(['x']);
});

test('lines that cannot be read are told, and do not end it', async () => {
  const folder = await temporaryFolder();
  const good = linesText([captureLineOf({ id: 'a' })]);
  const noTime = linesText([captureLineOf({ id: 'no time', at: 'yesterday' })]);
  const key = captureKey();
  await put(folder, key, `${good}\n{"half": \n{}\n${noTime}${good.replace('"a"', '"b"').replace('\n', '\r\n')}${good.trimEnd().slice(0, 50)}`);
  const { ids, problems } = await find(folder, { since: 0 });
  expect(ids).toEqual(['a', 'b']);
  expect(problems).toEqual([
    { key, lineNumber: 3, reason: expect.stringMatching(/^it is no JSON/) as string },
    { key, lineNumber: 4, reason: expect.stringMatching(/deviceFleetInputs: .*eventMetadata: /) as string },
    { key, lineNumber: 5, reason: 'eventMetadata.inferenceTime: "yesterday" is no time' },
    { key, lineNumber: 7, reason: expect.stringMatching(/^it is no JSON/) as string },
  ]);
  // Without a filter for the time, it does not matter.
  expect((await find(folder)).ids).toEqual(['a', 'no time', 'b']);
});

test('an object that is too large is told, and not read', async () => {
  const folder = await temporaryFolder();
  await put(folder, captureKey(), linesText([captureLineOf({ id: 'a' })]));
  const large = captureKey({ name: 'large' });
  await truncate(await put(folder, large, ''), 300 * 1024 * 1024);
  const { ids, problems, read } = await find(folder);
  expect({ ids, read }).toEqual({ ids: ['a'], read: [captureKey()] });
  expect(problems).toEqual([{ key: large, reason: 'it has 314572800 bytes; expected at most 268435456' }]);
  await truncate(join(folder, large), 0);
  await appendFile(join(folder, large), linesText([captureLineOf({ id: 'b' })]));
  expect((await find(folder)).ids.toSorted()).toEqual(['a', 'b']);
});
