import { expect, test } from 'vitest';
import type { Verdict } from '../../../scripts/doctor/check.ts';
import { reconsider } from '../../../scripts/doctor/reconsider.ts';
import { clockVerdict } from '../../../scripts/doctor/device/checks/clock.ts';
import { ok } from '../../../scripts/doctor/verdict.ts';

const arn = 'arn:aws:sts::123456789012:assumed-role/SageMakerCameras/camera-4';
const credentials: Verdict = { ...ok(arn), evidence: { role: 'SageMakerCameras' } };

test.each([
  [{ role: 'SageMakerCameras' }, 'ok', arn],
  [{}, 'ok', arn],
  [{ role: 'SageMakerOther', fleet: 'lobby' }, 'fail', `${arn}; expected the role SageMakerOther`],
])('credentials are of the right role when AWS says that it is %j', (subject, status, found) => {
  const [result] = reconsider([{ name: 'credentials', verdict: credentials }], { subject });
  expect(result).toMatchObject({ check: { name: 'credentials' }, verdict: { status, found } });
  if (status === 'fail') expect(result?.verdict.remedy).toContain('fescue setup --fleet lobby --role SageMakerOther');
});

test.each([
  [undefined, undefined, 'warning', /AWS could not be reached to compare$/],
  [undefined, 1_000, 'ok', /^1 s ahead of the machine that asks, whether it is synchronised cannot be told/],
  [undefined, -400_000, 'fail', /^400 s behind the machine that asks/],
  [true, 40_000, 'warning', /^40 s ahead of the machine that asks, synchronised$/],
  [false, 0, 'warning', /not synchronised$/],
])('a clock that was not compared with AWS, synchronised %s, is %s ms ahead of ours', (synchronised, clockAheadMs, status, found) => {
  const [result] = reconsider([{ name: 'clock', verdict: clockVerdict(undefined, synchronised) }], { subject: {}, clockAheadMs });
  expect(result?.verdict).toMatchObject({ status, found: expect.stringMatching(found) as string });
});

test('a clock that was compared with AWS stays judged by that', () => {
  const [result] = reconsider([{ name: 'clock', verdict: clockVerdict(0, true) }], { subject: {}, clockAheadMs: 400_000 });
  expect(result?.verdict.status).toBe('ok');
});

test('an answer to what nobody asked is left out', () => {
  expect(reconsider([{ name: 'nothing', verdict: ok('x') }, { name: 'disk', verdict: ok('y') }], { subject: {} }).map(({ check: { name } }) => name)).toEqual(['disk']);
});
