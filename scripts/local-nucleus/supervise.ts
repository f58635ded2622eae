import type { ResolvedLifecycle, ResolvedStep } from './interpolate.ts';
import type { StepName } from './lifecycle.ts';
import { type ComponentState, type CountedState, type ErrorHistory, isUp, maxErrors, noErrors, withError, withoutErrors } from './lifecycle-state.ts';
import type { LogFile } from './log-file.ts';
import { endFamily } from './process-tree.ts';
import type { PosixUser } from './posix-user.ts';
import { type StepOutcome, StepRunner } from './step-runner.ts';
import { describeExit, type StepProcess, succeeded } from './step-process.ts';

export type StateChange = { readonly component: string; readonly state: ComponentState; readonly previous: ComponentState; readonly reason?: string };

export type ServiceOptions = {
  readonly name: string;
  readonly lifecycle: ResolvedLifecycle;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly token: string;
  readonly user?: PosixUser | undefined;
  readonly log: LogFile;
  /** Whether every HARD dependency is ready. */
  readonly dependenciesReady: () => boolean;
  readonly onStateChange: (change: StateChange) => void;
};

/** How one life, from install to end, came to its end. */
type End =
  | { readonly kind: 'finished' }
  | { readonly kind: 'errored'; readonly during: CountedState; readonly reason: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'halted' }
  | { readonly kind: 'restart'; readonly reason: string };

/** Runs one component through the nucleus's states, until it is stopped. */
export class Service {
  readonly name: string;
  readonly #options: ServiceOptions;
  readonly #runner: StepRunner;
  readonly #stop = Promise.withResolvers<End>();
  #stopping = false;
  #halted = false;
  #again = false;
  #resting = Promise.withResolvers<void>();
  #state: ComponentState = 'NEW';
  #previous: ComponentState = 'NEW';
  #changedAtMs = 0;
  #installed = false;
  #lastFailure: string | undefined;
  #errors: ErrorHistory = noErrors;
  #main: StepProcess | undefined;
  #endLife: (end: End) => void = () => undefined;
  /** Resolved whenever something is to be looked at again: a dependency, or what is wanted of this component. */
  #nudge = Promise.withResolvers<void>();
  #loop: Promise<void> | undefined;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#runner = new StepRunner(options);
  }

  get state(): ComponentState {
    return this.#state;
  }

  /** How long it has been running; undefined when it is not. */
  get runningForMs(): number | undefined {
    return this.#state === 'RUNNING' ? performance.now() - this.#changedAtMs : undefined;
  }

  /** Whether a component that depends on this one may run: also while this one stops in an orderly way. */
  get ready(): boolean {
    if (this.#state === 'FINISHED') return !this.#again;
    return isUp(this.#state) || (this.#state === 'STOPPING' && this.#previous === 'RUNNING');
  }

  /** What went wrong latest, such as "its run step ended with exit code 3". */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  get log(): LogFile {
    return this.#options.log;
  }

  start(): void {
    this.#loop ??= this.#live();
  }

  /** Whether it was halted and not been told to run again. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Runs the shutdown step, ends every process of the component, and resolves when none is left; for good. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stop.resolve({ kind: 'stopped' });
    this.#wake();
    if (this.#loop === undefined) await this.#endProcesses();
    await this.#loop;
  }

  /** Stops it until `restart`; resolves when no process is left. */
  async halt(): Promise<void> {
    if (this.#loop === undefined) return;
    this.#halted = true;
    this.#again = false;
    this.#endLife({ kind: 'halted' });
    this.#wake();
    await this.#resting.promise;
  }

  /** Stops it if it runs, and runs it again, without the install step. @returns false when only a deployment can: it is BROKEN */
  restart(reason: string): boolean {
    if (this.#state === 'BROKEN' || this.#stopping) return false;
    this.#halted = false;
    this.#again = true;
    this.#endLife({ kind: 'restart', reason });
    this.#wake();
    return true;
  }

  /** Runs the step that comes before a new version's first install. */
  async bootstrap(): Promise<StepOutcome> {
    return await this.#runner.run('bootstrap');
  }

  /** Runs the step that comes after a component's removal; how it ends is only noted. */
  async uninstall(version: string): Promise<void> {
    this.#noteFailure(await this.#runner.run('uninstall', { GREENGRASS_COMPONENT_VERSION: version }));
  }

  /** To be called when a HARD dependency changed its state. */
  dependenciesChanged(): void {
    this.#wake();
    const started = this.#state === 'STARTING' || this.#state === 'RUNNING';
    if (started && !this.#options.dependenciesReady()) this.#endLife({ kind: 'restart', reason: 'a dependency went down' });
  }

  /** What the component says of itself over IPC. */
  report(state: 'RUNNING' | 'ERRORED'): void {
    if (state === 'RUNNING' && this.#state === 'STARTING') this.#transition('RUNNING', 'reported by the component');
    if (state === 'ERRORED') this.#endLife({ kind: 'errored', during: this.#counted(), reason: 'the component reported itself ERRORED' });
  }

  async #live(): Promise<void> {
    while (!this.#stopping && this.#state !== 'BROKEN') {
      const end: End = this.#halted ? { kind: 'halted' } : await this.#once();
      this.#endLife = () => undefined;
      if (end.kind === 'errored') await this.#fail(end);
      else if (end.kind === 'finished') await this.#finish();
      else if (end.kind === 'halted') await this.#rest();
      else await this.#shutDown(end.kind === 'restart' ? end.reason : undefined);
    }
    this.#resting.resolve();
    await this.#stop.promise;
    await this.#endProcesses();
    if (this.#state !== 'BROKEN') this.#transition('FINISHED', 'stopped');
  }

  async #once(): Promise<End> {
    const life = Promise.withResolvers<End>();
    this.#endLife = life.resolve;
    this.#again = false;
    const end = Promise.race([life.promise, this.#stop.promise]);
    if (!this.#installed) {
      this.#transition('NEW');
      const outcome = await Promise.race([this.#runner.run('install'), end]);
      if (outcome.kind !== 'done') return outcome.kind === 'failed' ? { kind: 'errored', during: 'NEW', reason: outcome.reason } : outcome;
      this.#installed = true;
    }
    this.#transition('INSTALLED');
    while (!this.#options.dependenciesReady()) {
      await this.#nudge.promise;
      if (this.#stopping) return { kind: 'stopped' };
      if (this.#halted) return { kind: 'halted' };
    }
    // A dependency that came and went while this one waited is no reason to end the life that begins now.
    return await this.#startAndRun();
  }

  async #startAndRun(): Promise<End> {
    const life = Promise.withResolvers<End>();
    this.#endLife = life.resolve;
    this.#transition('STARTING');
    const name = (['startup', 'run'] as const).find((one) => this.#runner.applies(one));
    const step = name === undefined ? undefined : this.#options.lifecycle.steps[name];
    if (name === undefined || step === undefined) return { kind: 'finished' };
    this.#main = this.#runner.start(step);
    if (name === 'run' && this.#main.pid !== undefined) this.#transition('RUNNING');
    void this.#main.exit.then((exit) => {
      if (!succeeded(exit)) life.resolve({ kind: 'errored', during: this.#counted(), reason: `its ${name} step ${describeExit(exit)}` });
      else if (name === 'run') life.resolve({ kind: 'finished' });
      else if (this.#state === 'STARTING') this.#transition('RUNNING');
    });
    const timer = this.#limit(name, step, life.resolve);
    const end = await Promise.race([life.promise, this.#stop.promise]);
    clearTimeout(timer);
    return end;
  }

  /** A startup step has to reach RUNNING in time; a run step with a time limit has to end in time. */
  #limit(name: StepName, step: ResolvedStep, endLife: (end: End) => void): NodeJS.Timeout | undefined {
    if (step.timeoutMs === undefined) return undefined;
    return setTimeout(() => {
      if (name === 'startup' && this.#state !== 'STARTING') return;
      endLife({ kind: 'errored', during: this.#counted(), reason: `its ${name} step did not ${name === 'startup' ? 'end or report RUNNING' : 'end'} within ${Number(step.timeoutMs) / 1000} s` });
    }, step.timeoutMs);
  }

  #counted(): CountedState {
    return this.#state === 'RUNNING' || this.#state === 'STARTING' ? this.#state : 'NEW';
  }

  async #fail(end: { during: CountedState; reason: string }): Promise<void> {
    this.#lastFailure = end.reason;
    this.#errors = withError(this.#errors, end.during, Date.now(), this.#options.lifecycle.errorResetMs);
    const count = this.#errors[end.during].length;
    if (count < maxErrors || this.#stopping) {
      this.#transition('ERRORED', end.reason);
      const recovery = await this.#runner.run('recover');
      if (recovery.kind === 'failed') this.#note(recovery.reason);
      if (end.during === 'NEW') await this.#endProcesses();
      else await this.#shutDown();
      return;
    }
    // Seen on the real one: no recovery that would come to nothing.
    this.#transition('BROKEN', `${count} errors in a row; the last: ${end.reason}`);
    if (this.#main !== undefined) this.#noteFailure(await this.#runner.run('shutdown'));
    await this.#endProcesses();
  }

  async #finish(): Promise<void> {
    if (this.#main !== undefined) {
      this.#transition('STOPPING');
      this.#noteFailure(await this.#runner.run('shutdown'));
    }
    this.#transition('FINISHED');
    await this.#idle();
  }

  async #rest(): Promise<void> {
    await this.#shutDown('halted');
    this.#transition('FINISHED', 'halted');
    await this.#idle();
  }

  async #idle(): Promise<void> {
    this.#resting.resolve();
    while (!this.#stopping && !this.#again) await this.#nudge.promise;
    this.#resting = Promise.withResolvers();
    // What a run step left in the background when it ended.
    await this.#endProcesses();
  }

  #wake(): void {
    this.#nudge.resolve();
    this.#nudge = Promise.withResolvers();
  }

  async #shutDown(reason?: string): Promise<void> {
    if (this.#main !== undefined) {
      this.#transition('STOPPING', reason);
      this.#noteFailure(await this.#runner.run('shutdown'));
    }
    await this.#endProcesses();
  }

  async #endProcesses(): Promise<void> {
    const left = await endFamily({ token: this.#options.token, pid: this.#main?.pid });
    // Its last words are still on their way when the process is gone already.
    if (left.length === 0) await this.#main?.exit;
    this.#main = undefined;
    if (left.length > 0) this.#note(`processes ${left.join(', ')} could not be ended`);
  }

  #noteFailure(outcome: StepOutcome): void {
    if (outcome.kind !== 'failed') return;
    this.#lastFailure = outcome.reason;
    this.#note(outcome.reason);
  }

  #note(text: string): void {
    this.#options.log.write('WARN', 'nucleus', text);
  }

  #transition(state: ComponentState, reason?: string): void {
    const previous = this.#state;
    if (previous === state) return;
    this.#previous = previous;
    this.#state = state;
    this.#changedAtMs = performance.now();
    if (state !== 'ERRORED' && (previous === 'NEW' || previous === 'STARTING' || previous === 'RUNNING')) this.#errors = withoutErrors(this.#errors, previous);
    this.#options.log.write('INFO', 'nucleus', `${previous} -> ${state}${reason === undefined ? '' : `: ${reason}`}`);
    this.#options.onStateChange({ component: this.name, state, previous, ...(reason === undefined ? {} : { reason }) });
  }
}
