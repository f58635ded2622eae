import { expect, test } from 'vitest';
import { ModelTally } from '../../../../components/agent/heartbeat/model-tally.ts';

test('each model has its own counts, from its first worker to its end', () => {
  const tally = new ModelTally();
  let changes = 0;
  tally.onChange(() => (changes += 1));
  tally.serving('a');
  tally.serving('b');
  tally.predicted('a', 1, 9, true);
  tally.predicted('a', 1, 9, true);
  tally.predicted('a', 1, 9, false);
  tally.refused('a');
  tally.restarting('a');
  tally.serving('a');
  tally.sampled('b');
  const now = Math.floor(Date.now() / 1000);
  expect(tally.of('a')).toEqual({ predictions: 2, errors: 2, restarts: 1, p50Ms: expect.closeTo(10, -1) as number, p99Ms: expect.closeTo(10, -1) as number, latestInference: expect.closeTo(now, -1) as number, latestSample: undefined });
  expect(tally.of('b')).toMatchObject({ predictions: 0, p50Ms: undefined, latestInference: undefined, latestSample: expect.closeTo(now, -1) as number });
  tally.gone('a');
  expect(tally.of('a')).toBeUndefined();
  expect(changes).toBe(5);
  // What comes late is of nobody.
  for (const late of [() => tally.predicted('a', 1, 1, true), () => tally.refused('a'), () => tally.sampled('a'), () => tally.restarting('a')]) late();
  expect(tally.of('a')).toBeUndefined();
});
