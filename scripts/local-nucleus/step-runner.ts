import type { ResolvedLifecycle, ResolvedStep } from './interpolate.ts';
import type { StepName } from './lifecycle.ts';
import type { LogFile } from './log-file.ts';
import { environmentOf, type PosixUser } from './posix-user.ts';
import { endFamily } from './process-tree.ts';
import { shouldSkip } from './skip-if.ts';
import { describeExit, startScript, type StepExit, type StepProcess, succeeded } from './step-process.ts';

/** What became of a step that has an end; `reason` reads like "its install step ended with exit code 1". */
export type StepOutcome = { readonly kind: 'done'; readonly code: number } | { readonly kind: 'failed'; readonly reason: string };

export type StepPlace = {
  readonly lifecycle: ResolvedLifecycle;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whom steps without RequiresPrivilege run as; undefined for the user of this process. */
  readonly user?: PosixUser | undefined;
  readonly log: LogFile;
};

/** Exit codes of a bootstrap step by which a component asks for a restart of the nucleus, or of the device. */
export const bootstrapCodes = { restartNucleus: 100, reboot: 101 } as const;

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
  start(step: ResolvedStep, environment: Readonly<Record<string, string>> = {}): StepProcess {
    const { workDir: cwd, log } = this.#place;
    return startScript({ script: step.script, cwd, environment: { ...this.#environment(step), ...environment }, user: this.#userOf(step), log });
  }

  /** Runs a step to its end or its time limit; a step that does not apply is done at once. */
  async run(name: StepName, environment: Readonly<Record<string, string>> = {}): Promise<StepOutcome> {
    const step = this.#place.lifecycle.steps[name];
    if (step === undefined || !this.applies(name)) return { kind: 'done', code: 0 };
    const script = this.start(step, environment);
    const limit = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => limit.resolve('late'), step.timeoutMs);
    const exit = await Promise.race([script.exit, limit.promise]);
    clearTimeout(timer);
    if (exit !== 'late') return outcomeOf(name, exit);
    await endFamily({ pid: script.pid });
    return { kind: 'failed', reason: `its ${name} step did not end within ${Number(step.timeoutMs) / 1000} s` };
  }

  #userOf(step: ResolvedStep): PosixUser | undefined {
    return step.requiresPrivilege ? undefined : this.#place.user;
  }

  #environment(step: ResolvedStep): Record<string, string> {
    const user = this.#userOf(step);
    return { ...this.#place.environment, ...(user && environmentOf(user)), ...step.setenv };
  }
}

function outcomeOf(name: StepName, exit: StepExit): StepOutcome {
  const asks = name === 'bootstrap' && exit.kind === 'exit' && Object.values<number>(bootstrapCodes).includes(exit.code);
  if (succeeded(exit) || asks) return { kind: 'done', code: exit.kind === 'exit' ? exit.code : 0 };
  return { kind: 'failed', reason: `its ${name} step ${describeExit(exit)}` };
}
