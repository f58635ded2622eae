import type { Measured } from './compare.ts';
import type { ContenderName } from './contenders.ts';
import { median, quantile } from './statistics.ts';

/** A contender in numbers; null is what was not measured. */
export type Figures = {
  readonly name: ContenderName;
  readonly calls: number;
  /** Of all calls of all rounds, in milliseconds. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Calls per second: the median of the rounds. */
  readonly perSecond: number;
  readonly cpuMsPerCall: number | null;
  /** p50 and calls per second as multiples of the in-process ones of the same round: the medians of the rounds. */
  readonly p50Ratio: number | null;
  readonly perSecondRatio: number | null;
};

/** The figures of contenders that took turns. */
export function figuresOf(measured: readonly Measured[]): Figures[] {
  const base = measured.find(({ name }) => name === 'in-process');
  return measured.map((one) => {
    const samples = one.rounds.flatMap((round) => round.samples);
    return {
      name: one.name,
      calls: samples.length,
      p50Ms: median(samples),
      p90Ms: quantile(samples, 0.9),
      p99Ms: quantile(samples, 0.99),
      maxMs: quantile(samples, 1),
      perSecond: median(one.rounds.map(({ perSecond }) => perSecond)),
      cpuMsPerCall: cpuPerCall(one, samples.length),
      p50Ratio: base === undefined ? null : pairedRatio(one, base, ({ samples: own }) => median(own)),
      perSecondRatio: base === undefined ? null : pairedRatio(one, base, ({ perSecond }) => perSecond),
    };
  });
}

/** The median, over the rounds, of one contender's value divided by the other's of the same round. */
export function pairedRatio(one: Measured, other: Measured, valueOf: (round: Measured['rounds'][number]) => number): number {
  return median(one.rounds.flatMap((round, index) => (other.rounds[index] === undefined ? [] : [valueOf(round) / valueOf(other.rounds[index])])));
}

/** Over all rounds: /proc counts in steps that are long for a single one. Less than before means that a process ended. */
function cpuPerCall({ rounds }: Measured, calls: number): number | null {
  const known = rounds.flatMap(({ cpuMs }) => (cpuMs === undefined || cpuMs < 0 ? [] : [cpuMs]));
  return known.length < rounds.length ? null : known.reduce((sum, cpuMs) => sum + cpuMs, 0) / calls;
}
