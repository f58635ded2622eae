/**
 * Told what becomes of the models, by alias. Called from the middle of the registry's work: an implementation is quick
 * and never throws.
 */
export type ModelObserver = {
  /** A worker has loaded the model, for the first time or again. */
  serving(alias: string): void;
  /** A worker of the model has ended by itself and will be replaced; so many others go on. */
  restarting(alias: string, workersLeft: number): void;
  /** A prediction was run: how long it waited for a worker, and how long the worker took. */
  predicted(alias: string, queueMs: number, runMs: number): void;
  /** The model takes no more predictions: it is being unloaded. */
  gone(alias: string): void;
};

/** One observer that tells several. */
export function observers(...all: readonly ModelObserver[]): ModelObserver {
  return {
    serving: (alias) => all.forEach((one) => one.serving(alias)),
    restarting: (alias, workersLeft) => all.forEach((one) => one.restarting(alias, workersLeft)),
    predicted: (alias, queueMs, runMs) => all.forEach((one) => one.predicted(alias, queueMs, runMs)),
    gone: (alias) => all.forEach((one) => one.gone(alias)),
  };
}
