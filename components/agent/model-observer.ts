/**
 * Told what becomes of the models, by alias. Called from the middle of the registry's work: an implementation is quick
 * and never throws.
 */
export type ModelObserver = {
  /** The model's worker has loaded it, for the first time or again. */
  serving(alias: string): void;
  /** The model's worker has ended by itself; another one will load the model again. */
  restarting(alias: string): void;
  /** A prediction was run: how long it waited for a worker, and how long the worker took. */
  predicted(alias: string, queueMs: number, runMs: number): void;
  /** The model takes no more predictions: it is being unloaded. */
  gone(alias: string): void;
};

/** One observer that tells several. */
export function observers(...all: readonly ModelObserver[]): ModelObserver {
  return {
    serving: (alias) => all.forEach((one) => one.serving(alias)),
    restarting: (alias) => all.forEach((one) => one.restarting(alias)),
    predicted: (alias, queueMs, runMs) => all.forEach((one) => one.predicted(alias, queueMs, runMs)),
    gone: (alias) => all.forEach((one) => one.gone(alias)),
  };
}
