import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferenceTime } from '../../../components/common/capture-format.ts';
import { cannotHold } from '../../../scripts/captures/layout.ts';
import { momentOf, timeOf } from '../../../scripts/captures/moment.ts';
import { captureKey } from '../../helpers/capture-files.ts';

const now = Date.UTC(2023, 2, 14, 16, 11, 30);

test.each([
  ['2023-03-14', '2023-03-14T00:00:00.000Z'],
  ['2023-03-14T16:11', '2023-03-14T16:11:00.000Z'],
  ['2023-03-14T16:11:30', '2023-03-14T16:11:30.000Z'],
  ['2023-03-14 16:11:30.5', '2023-03-14T16:11:30.500Z'],
  ['2023-03-14T16:11:30Z', '2023-03-14T16:11:30.000Z'],
  ['2023-03-14T16:11:30+02:00', '2023-03-14T14:11:30.000Z'],
  ['30s', '2023-03-14T16:11:00.000Z'],
  ['11m', '2023-03-14T16:00:30.000Z'],
  ['3h', '2023-03-14T13:11:30.000Z'],
  ['2d', '2023-03-12T16:11:30.000Z'],
  ['1w', '2023-03-07T16:11:30.000Z'],
])('%s is %s', (text, expected) => {
  expect(new Date(momentOf(text, now)).toISOString()).toBe(expected);
});

test.each(['', 'yesterday', '3', '3y', '-3h', '1.5h', '2023', '2023-13-01', '2023-03-14T25:00', '2023-03-14T16', 'x 2023-03-14', '1678810290'])('"%s" is no moment', (text) => {
  expect(momentOf(text, now)).toBeNaN();
});

const anyMs = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });

test('an inference time is the second it was made from', () => {
  fc.assert(fc.property(anyMs, (ms) => timeOf(inferenceTime(ms)) === Math.floor(ms / 1000) * 1000));
});

test('no folder of a capture is skipped that the filter takes, and far ones are', () => {
  fc.assert(
    fc.property(anyMs, fc.integer({ min: -200, max: 200 }), fc.integer({ min: 1, max: 100 }), (ms, offset, hours) => {
      const at = timeOf(inferenceTime(ms));
      const [since, until] = [at + offset * 900_000, at + offset * 900_000 + hours * 900_000];
      const key = captureKey({ at: inferenceTime(ms) });
      const folders = key.split('/').slice(0, -1).map((_, index, parts) => `${parts.slice(0, index + 1).join('/')}/`);
      const skipped = folders.some((folder) => cannotHold(folder, { since, until, model: 'pump' }));
      if (at >= since && at < until) expect(skipped).toBe(false);
      if (at >= until + 2 * 3_600_000 || at < since - 2 * 3_600_000) expect(skipped).toBe(true);
      expect(folders.some((folder) => cannotHold(folder, { model: 'valve' }))).toBe(true);
    }),
  );
});
