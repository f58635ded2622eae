import type { ResolvedLifecycle, ResolvedStep } from './interpolate.ts';
import type { StepName } from './lifecycle.ts';
import type { LogFile } from './log-file.ts';
import { endFamily } from './process-tree.ts';
import { shouldSkip } from './skip-if.ts';
import { describeExit, startScript, type StepProcess, succeeded } from './step-process.ts';

/** What became of a step that has an end; `reason` reads like "its install step ended with exit code 1". */
export type StepOutcome = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string };

export type StepPlace = {
  readonly lifecycle: ResolvedLifecycle;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: LogFile;
};

/** Runs the steps of one component. */
export class StepRunner {
  readonly #place: StepPlace;

  constructor(place: StepPlace) {
    this.#place = place;
  }

  /** Whether the lifecycle has the step and its `Skipif` does not leave it out. */
  applies(name: StepName): boolean {
    const step = this.#place.lifecycle.steps[name];
    if (step?.skipIf === undefined) return step !== undefined;
    const skip = shouldSkip(step.skipIf, { cwd: this.#place.workDir, path: this.#environment(step).PATH ?? '' });
    if (skip) this.#place.log.write('INFO', 'nucleus', `step ${name} is skipped: ${step.skipIf}`);
    return !skip;
  }

  /** Starts a step and leaves it running. */
  start(step: ResolvedStep): StepProcess {
    return startScript({ script: step.script, cwd: this.#place.workDir, environment: this.#environment(step), log: this.#place.log });
  }

  /** Runs a step to its end or its time limit; a step that does not apply is done at once. */
  async run(name: StepName): Promise<StepOutcome> {
    const step = this.#place.lifecycle.steps[name];
    if (step === undefined || !this.applies(name)) return { kind: 'done' };
    const script = this.start(step);
    const limit = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => limit.resolve('late'), step.timeoutMs);
    const exit = await Promise.race([script.exit, limit.promise]);
    clearTimeout(timer);
    if (exit !== 'late') return succeeded(exit) ? { kind: 'done' } : { kind: 'failed', reason: `its ${name} step ${describeExit(exit)}` };
    await endFamily({ pid: script.pid });
    return { kind: 'failed', reason: `its ${name} step did not end within ${Number(step.timeoutMs) / 1000} s` };
  }

  #environment(step: ResolvedStep): Record<string, string> {
    return { ...this.#place.environment, ...step.setenv };
  }
}
