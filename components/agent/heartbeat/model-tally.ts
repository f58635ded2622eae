import type { ModelObserver } from '../model-observer.ts';
import { LatencySketch } from './latency-sketch.ts';

/** What a model has done since it was loaded. Moments are whole seconds since 1970. */
export type ModelFigures = {
  readonly predictions: number;
  readonly errors: number;
  readonly restarts: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly latestInference: number | undefined;
  readonly latestSample: number | undefined;
};

type Tally = { readonly latencies: LatencySketch; predictions: number; errors: number; restarts: number; latestInferenceMs: number; latestSampleMs: number };

/** Counts what heartbeats tell of each model. A prediction costs no allocation here. */
export class ModelTally implements ModelObserver {
  readonly #models = new Map<string, Tally>();
  #onChange: () => void = () => undefined;

  /** Calls `listener` when models come, go or crash; it has to be quick. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  serving(alias: string): void {
    if (!this.#models.has(alias)) this.#models.set(alias, { latencies: new LatencySketch(performance.now()), predictions: 0, errors: 0, restarts: 0, latestInferenceMs: 0, latestSampleMs: 0 });
    this.#onChange();
  }

  restarting(alias: string): void {
    const tally = this.#models.get(alias);
    if (tally !== undefined) tally.restarts += 1;
    this.#onChange();
  }

  predicted(alias: string, queueMs: number, runMs: number, succeeded: boolean): void {
    const tally = this.#models.get(alias);
    if (tally === undefined) return;
    tally.latencies.observe(queueMs + runMs);
    if (!succeeded) {
      tally.errors += 1;
      return;
    }
    tally.predictions += 1;
    tally.latestInferenceMs = Date.now();
  }

  refused(alias: string): void {
    const tally = this.#models.get(alias);
    if (tally !== undefined) tally.errors += 1;
  }

  sampled(alias: string): void {
    const tally = this.#models.get(alias);
    if (tally !== undefined) tally.latestSampleMs = Date.now();
  }

  gone(alias: string): void {
    this.#models.delete(alias);
    this.#onChange();
  }

  of(alias: string): ModelFigures | undefined {
    const tally = this.#models.get(alias);
    if (tally === undefined) return undefined;
    const { latencies, predictions, errors, restarts, latestInferenceMs, latestSampleMs } = tally;
    const [p50Ms, p99Ms] = latencies.quantiles([0.5, 0.99], performance.now()) ?? [];
    return { predictions, errors, restarts, p50Ms, p99Ms, latestInference: secondsOf(latestInferenceMs), latestSample: secondsOf(latestSampleMs) };
  }
}

function secondsOf(ms: number): number | undefined {
  return ms === 0 ? undefined : Math.floor(ms / 1000);
}
