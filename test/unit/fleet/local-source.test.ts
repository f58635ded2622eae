import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findInLocal } from '../../../scripts/fleet/find-device.ts';
import { localSource, onlyLocalFleet } from '../../../scripts/fleet/local-source.ts';
import { shadowFileOf } from '../../../scripts/local-nucleus/shadow-files.ts';
import { storeAt } from '../../../scripts/local-nucleus/store.ts';
import { deviceReportOf } from '../../helpers/device-reports.ts';
import { localReports } from '../../helpers/local-reports.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

async function namesOf(root: string, fleet?: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of localSource({ root, fleet, onNote: () => undefined }).devices()) names.push(name);
  return names.toSorted();
}

test('the fleet chooses devices; one whose fleet cannot be read is in each', async () => {
  const root = await localReports({ a: deviceReportOf(), b: deviceReportOf({ fleet: 'garage' }), c: { format: 9 } });
  expect(await namesOf(root, 'lobby')).toEqual(['a', 'c']);
  expect(await namesOf(root)).toEqual(['a', 'b', 'c']);
});

test('the fleet need not be named where there is only one', async () => {
  expect(await onlyLocalFleet(await localReports({ a: deviceReportOf(), b: deviceReportOf(), c: { format: 9 } }))).toBe('lobby');
  expect(await onlyLocalFleet(await localReports({}))).toBeUndefined();
  await expect(onlyLocalFleet(await localReports({ a: deviceReportOf(), b: deviceReportOf({ fleet: '\u001b[2J' }) }))).rejects.toMatchObject({ message: expect.stringContaining('\\u{1b}[2J, lobby.') as string });
  const several = await localReports({ a: deviceReportOf(), b: deviceReportOf({ fleet: 'garage' }) });
  await expect(onlyLocalFleet(several)).rejects.toMatchObject({ kind: 'invalid-argument', message: expect.stringContaining('garage, lobby. Choose one with --fleet.') as string });
});

test('a device is found by name, and missed with what to do', async () => {
  const root = await localReports({ a: deviceReportOf() });
  expect(await findInLocal('a', root)).toMatchObject({ name: 'a', report: { fleet: 'lobby' } });
  await expect(findInLocal('b', root)).rejects.toMatchObject({ kind: 'not-found', message: expect.stringContaining(`fescue fleet status --local ${root}`) as string });
});

test('a device whose file is damaged is not missed, but told', async () => {
  const root = await localReports({ a: deviceReportOf() });
  await writeFile(shadowFileOf(storeAt(root).shadowFolder, 'a'), '[');
  await expect(findInLocal('a', root)).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/a\.json cannot be read as shadows: it is no JSON/) as string });
});

test('a root that is not there is told', async () => {
  await expect(namesOf(join(await temporaryFolder(), 'nowhere'))).rejects.toMatchObject({ kind: 'not-found' });
});
