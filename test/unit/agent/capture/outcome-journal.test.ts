import { appendFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OutcomeJournal, type JournalEvent } from '../../../../components/agent/capture/outcome-journal.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const planned = (batch: string): JournalEvent => ({ kind: 'planned', batch, sequences: [1, 2] });

test('a note that was cut off is gone, and the next one begins a line of its own', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'outcomes.log');
  new OutcomeJournal(folder).append(planned('a'));
  const { size } = statSync(path);
  appendFileSync(path, '0123abcd {"kind":"pl');
  const journal = new OutcomeJournal(folder);
  expect(journal.read()).toEqual({ events: [planned('a')], damagedLines: 0 });
  expect(statSync(path).size).toBe(size);
  journal.append(planned('b'));
  expect(new OutcomeJournal(folder).read()).toEqual({ events: [planned('a'), planned('b')], damagedLines: 0 });
});

test('notes after a replacement go where the next reader looks', async () => {
  const folder = await temporaryFolder();
  const journal = new OutcomeJournal(folder);
  journal.append(planned('a'));
  journal.replace([planned('b')]);
  journal.append(planned('c'));
  expect(new OutcomeJournal(folder).read().events).toEqual([planned('b'), planned('c')]);
  expect(readFileSync(join(folder, 'outcomes.log'), 'utf8')).not.toContain('"a"');
});

test('a reserve that was given up is kept again when there is room', async () => {
  const folder = await temporaryFolder();
  const journal = new OutcomeJournal(folder);
  rmSync(join(folder, 'reserve'));
  for (let note = 0; note < 64; note += 1) journal.append(planned(String(note)));
  expect(existsSync(join(folder, 'reserve'))).toBe(true);
});
