import type { Contender } from './contenders.ts';
import { median, quantile } from './statistics.ts';

export type Latency = { readonly name: string; readonly calls: number; readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
export type Throughput = { readonly name: string; readonly concurrency: number; readonly perSecond: number };

export type Plan = {
  /** Milliseconds each contender gets per round. */
  readonly turnMs: number;
  readonly rounds: number;
  /** Calls before anything is measured. */
  readonly warmUp: number;
  readonly onRound?: (round: number) => void;
};

/** One call after the other; the contenders take turns, so that what slows the machine down slows all of them. Milliseconds. */
export async function compareLatency(contenders: readonly Contender[], plan: Plan): Promise<Latency[]> {
  const samples = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (const contender of contenders) for (let call = 0; call < plan.warmUp; call += 1) await contender.predict();
  for (let round = 1; round <= plan.rounds; round += 1) {
    plan.onRound?.(round);
    for (const { name, predict } of contenders) {
      const endAt = performance.now() + plan.turnMs;
      for (let started = performance.now(); started < endAt; started = performance.now()) {
        await predict();
        samples.get(name)?.push(performance.now() - started);
      }
    }
  }
  return [...samples].map(([name, times]) => ({ name, calls: times.length, p50: median(times), p90: quantile(times, 0.9), p99: quantile(times, 0.99), max: quantile(times, 1) }));
}

/** Calls per second with so many callers at once, contenders taking turns; the median of the rounds. */
export async function compareThroughput(contenders: readonly (Contender & { readonly concurrency: number })[], plan: Plan): Promise<Throughput[]> {
  const rates = contenders.map(() => [] as number[]);
  for (let round = 1; round <= plan.rounds; round += 1) {
    plan.onRound?.(round);
    for (const [index, contender] of contenders.entries()) rates[index]?.push(await rateOf(contender, plan.turnMs));
  }
  return contenders.map(({ name, concurrency }, index) => ({ name, concurrency, perSecond: median(rates[index] ?? []) }));
}

async function rateOf({ predict, concurrency }: Contender & { readonly concurrency: number }, turnMs: number): Promise<number> {
  const started = performance.now();
  const endAt = started + turnMs;
  let calls = 0;
  const caller = async (): Promise<void> => {
    for (; performance.now() < endAt; calls += 1) await predict();
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return (calls * 1000) / (performance.now() - started);
}
