import { expect, test } from 'vitest';
import { Notes } from '../../../scripts/commands/fleet-notes.ts';
import { changeText, costText, countsText, screenText } from '../../../scripts/commands/fleet-watch-text.ts';
import { fleetReportOf } from '../../helpers/fleet-reports.ts';
import { hostileTexts } from '../../helpers/html-checks.ts';

const time = new Date('2026-03-14T16:11:30.500Z');

test('a fleet is told in one line, without what there is none of', () => {
  const { devices } = fleetReportOf('lobby');
  expect(countsText(devices, time)).toBe('2026-03-14T16:11:30Z 6 devices: 2 connected, 1 silent, 1 stopped, 1 never reported, 1 unreadable');
  expect(countsText({ ...devices, registered: 0, connected: 0, silent: 0, stopped: 0, neverReported: 0, unreadable: 0 }, time)).toBe('2026-03-14T16:11:30Z 0 devices');
});

test('the cost of reads is told by the day', () => {
  expect(costText({ ...fleetReportOf('lobby').devices, registered: 12_400 }, 60)).toBe('Each round reads 12,400 shadows, which is 17,856,000 a day with a round every 60 s.');
});

test.each(hostileTexts)('a change is one line, whatever is in it: %j', (text) => {
  expect(changeText({ device: text, text: `is ${text}\n` }, time)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('a screen holds as many lines as it has, the footer in any case', () => {
  const lines = (rows: number): string[] => screenText({ report: fleetReportOf('lobby'), footer: ['cost', 'change'], rows, columns: 20 }).replace('\u001b[H', '').replace('\u001b[J', '').split('\r\n');
  for (const rows of [10, 24]) expect(lines(rows)).toHaveLength(rows - 1);
  expect(lines(1_000).length).toBeLessThan(100);
  expect(lines(2)).toHaveLength(3);
  for (const line of lines(24)) expect(line.length).toBeLessThanOrEqual(20 + '\u001b[K'.length);
  expect(lines(10).at(-1)).toBe('change\u001b[K');
});

test('notes are kept once, and not too many of them', () => {
  const notes = new Notes();
  for (let index = 0; index < 50; index += 1) for (const _ of [1, 2]) notes.add(`note ${index % 30}`);
  expect(notes.all).toHaveLength(21);
  expect(notes.all.at(-1)).toMatch(/^And \d+ more of that kind\.$/);
});
