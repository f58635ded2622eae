/**
 * Told what becomes of the models, by alias. Called from the middle of the registry's work: an implementation is quick
 * and never throws.
 */
export type ModelObserver = {
  /** A worker has loaded the model, for the first time or again. */
  serving(alias: string): void;
  /** A worker of the model has ended by itself and will be replaced; so many others go on. */
  restarting(alias: string, workersLeft: number): void;
  /** A prediction was run: how long it waited for a worker, how long the worker took, and whether there is a result. */
  predicted(alias: string, queueMs: number, runMs: number, succeeded: boolean): void;
  /** A prediction was not run: the queue was full, or there was no worker. */
  refused(alias: string): void;
  /** A capture of the model was accepted. */
  sampled(alias: string): void;
  /** The model takes no more predictions: it is being unloaded. */
  gone(alias: string): void;
};

/** One observer that tells several. */
export function observers(...all: readonly ModelObserver[]): ModelObserver {
  return {
    serving: (alias) => all.forEach((one) => one.serving(alias)),
    restarting: (alias, workersLeft) => all.forEach((one) => one.restarting(alias, workersLeft)),
    predicted: (alias, queueMs, runMs, succeeded) => all.forEach((one) => one.predicted(alias, queueMs, runMs, succeeded)),
    refused: (alias) => all.forEach((one) => one.refused(alias)),
    sampled: (alias) => all.forEach((one) => one.sampled(alias)),
    gone: (alias) => all.forEach((one) => one.gone(alias)),
  };
}
