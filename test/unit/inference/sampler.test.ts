import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Policies, Sampler, type SamplerOptions } from '../../../components/inference/sampler.ts';

type Image = Parameters<Sampler['picks']>[0];

const off: Policies = { CaptureEveryNth: 0, CaptureRandomShare: 0, CaptureScoreBelow: 0, CaptureLabels: '', CaptureOnTopChange: false, CaptureMaxPerMinute: 0 };
const cat = { label: 'tabby cat', score: 0.9 };
const dog = { label: 'dog', score: 0.4 };

/** Which of the images, one after the other, are picked. */
function picked(images: readonly Image[], policies: Partial<Policies>, options: SamplerOptions = {}): number[] {
  const sampler = new Sampler(options);
  return images.flatMap((top, index) => (sampler.picks(top, { ...off, ...policies }) ? [index] : []));
}

test.each<[string, Partial<Policies>, Image[], number[]]>([
  ['nothing by default', {}, [cat, dog, undefined], []],
  ['every image', { CaptureEveryNth: 1 }, [cat, dog, undefined], [0, 1, 2]],
  ['every third image', { CaptureEveryNth: 3 }, Array<Image>(7).fill(cat), [2, 5]],
  ['all of a share of 1', { CaptureRandomShare: 1 }, [cat, dog], [0, 1]],
  ['a score below the threshold', { CaptureScoreBelow: 0.5 }, [cat, dog], [1]],
  ['not the threshold itself', { CaptureScoreBelow: 0.4 }, [cat, dog], []],
  ['an image without any score', { CaptureScoreBelow: 0.1 }, [cat, undefined, { label: 'x', score: Number.NaN }], [1, 2]],
  ['a listed label', { CaptureLabels: 'fox, Dog ,wolf' }, [cat, dog, undefined], [1]],
  ['no part of a label', { CaptureLabels: 'cat,tabby' }, [cat], []],
  ['a label that holds a comma', { CaptureLabels: 'crane,crane, bird,wolf' }, [{ label: 'Crane, bird', score: 1 }, { label: 'bird, wolf', score: 1 }, { label: 'wolf, bird', score: 1 }], [0, 1]],
  ['a change of the best label', { CaptureOnTopChange: true }, [cat, cat, dog, dog, cat], [2, 4]],
  ['a change from and to no label', { CaptureOnTopChange: true }, [undefined, cat, undefined, undefined], [1, 2]],
  ['what any policy matches, once', { CaptureEveryNth: 2, CaptureLabels: 'dog', CaptureOnTopChange: true }, [cat, dog, dog, cat, cat], [1, 2, 3]],
  ['at most so many', { CaptureEveryNth: 1, CaptureMaxPerMinute: 2 }, [cat, cat, cat, dog], [0, 1]],
])('captures %s', (_, policies, images, expected) => {
  expect(picked(images, policies, { now: () => 0 })).toEqual(expected);
});

test('a policy that is turned on while others run starts afresh', () => {
  const sampler = new Sampler();
  const steps: [Image, Partial<Policies>][] = [
    [cat, { CaptureOnTopChange: true, CaptureEveryNth: 3 }],
    [cat, { CaptureEveryNth: 3 }],
    [dog, { CaptureOnTopChange: true }],
    [dog, { CaptureOnTopChange: true, CaptureEveryNth: 2 }],
    [dog, { CaptureEveryNth: 2 }],
  ];
  expect(steps.map(([top, policies]) => sampler.picks(top, { ...off, ...policies }))).toEqual([false, false, false, false, true]);
});

test('a random share comes close to it in the long run', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 1, max: 2 ** 31 }), (share, seed) => {
      const count = 20_000;
      const found = picked(Array<Image>(count).fill(cat), { CaptureRandomShare: share }, { random: randomFrom(seed) }).length / count;
      // Six standard deviations.
      expect(Math.abs(found - share)).toBeLessThan(6 * Math.sqrt((share * (1 - share)) / count));
    }),
    { numRuns: 20 },
  );
});

describe('the limit', () => {
  test('holds over every minute, and lets through what it can', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 100 }), (most, pauses) => {
        let now = 0;
        const times = pauses.map((pause) => (now += pause));
        const taken = timesOf(times, most);
        const within = (from: number, before: number): number => taken.filter((time) => time >= from && time < before).length;
        for (const time of taken) expect(within(time, time + 60_000)).toBeLessThanOrEqual(most);
        // Whatever was left out had as many just before it as the limit allows.
        for (const time of times.filter((one) => !taken.includes(one))) expect(within(time - 59_999, time + 1)).toBe(most);
      }),
    );
  });

  test('a clock that is set back neither stops nor frees the captures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1e12 }), (most, jump) => {
        // One image a second; the clock is set back after ten.
        const seconds = Array.from({ length: 200 }, (_, second) => second);
        const pickedAt = picked(seconds.map(() => cat), { CaptureEveryNth: 1, CaptureMaxPerMinute: most }, { now: clockOf(seconds.map((second) => second * 1_000 - (second < 10 ? 0 : jump))) });
        for (const from of seconds) expect(pickedAt.filter((second) => second >= from && second < from + 60).length).toBeLessThanOrEqual(most);
        expect(pickedAt.filter((second) => second >= 60 && second < 130).length).toBeGreaterThanOrEqual(most);
      }),
    );
  });

  test('follows a change at once', () => {
    const sampler = new Sampler({ now: () => 0 });
    const results = [1, 1, 3, 3, 3, 1, 0, 1].map((most) => sampler.picks(cat, { ...off, CaptureEveryNth: 1, CaptureMaxPerMinute: most }));
    expect(results).toEqual([true, false, true, true, false, false, true, true]);
  });
});

/** The times at which an image was captured, of images that all match. */
function timesOf(times: readonly number[], most: number): number[] {
  const indexes = picked(times.map(() => cat), { CaptureEveryNth: 1, CaptureMaxPerMinute: most }, { now: clockOf(times) });
  return indexes.flatMap((index) => times[index] ?? []);
}

/** Shows these times, one after the other. */
function clockOf(times: readonly number[]): () => number {
  const left = [...times];
  return () => left.shift() ?? 0;
}

/** Numbers from 0 to below 1 that look random and are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
