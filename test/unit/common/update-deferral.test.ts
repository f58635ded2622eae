import { expect, test } from 'vitest';
import { UpdateDeferral } from '../../../components/common/update-deferral.ts';

/** A deferral of up to 12 seconds, by a clock that stands still by itself. */
function useDeferral(mostMs = 12_000): { deferral: UpdateDeferral; state: { busy: boolean; now: number; mostMs: number } } {
  const state = { busy: true, now: 1_000, mostMs };
  return { deferral: new UpdateDeferral({ isBusy: () => state.busy, mostMs: () => state.mostMs, now: () => state.now }), state };
}

test('an idle component lets an update go on at once', () => {
  const { deferral, state } = useDeferral();
  state.busy = false;
  expect(deferral.recheckAfterMs('a')).toBe(0);
});

test('a busy one defers it step by step, and no longer than the limit', () => {
  const { deferral, state } = useDeferral();
  const answers: number[] = [];
  for (let answer = deferral.recheckAfterMs('a'); answer > 0; answer = deferral.recheckAfterMs('a')) {
    answers.push(answer);
    state.now += answer;
  }
  expect(answers).toEqual([5_000, 5_000, 2_000]);
  expect(deferral.recheckAfterMs('a')).toBe(0);
});

test('it goes on as soon as the work is done', () => {
  const { deferral, state } = useDeferral();
  expect(deferral.recheckAfterMs('a')).toBe(5_000);
  state.busy = false;
  expect(deferral.recheckAfterMs('a')).toBe(0);
});

test('each deployment has the whole limit, also one that comes again after it was over', () => {
  const { deferral, state } = useDeferral();
  deferral.recheckAfterMs('a');
  state.now += 20_000;
  expect(deferral.recheckAfterMs('a')).toBe(0);
  expect(deferral.recheckAfterMs('b')).toBe(5_000);
  state.now += 20_000;
  deferral.forget('a');
  expect(deferral.recheckAfterMs('b')).toBe(0);
  deferral.forget('b');
  expect(deferral.recheckAfterMs('b')).toBe(5_000);
});

test('a limit of 0 defers nothing, and a limit that changes counts at once', () => {
  const { deferral, state } = useDeferral(0);
  expect(deferral.recheckAfterMs('a')).toBe(0);
  state.mostMs = 1_500.5;
  expect(deferral.recheckAfterMs('a')).toBe(1_501);
});
