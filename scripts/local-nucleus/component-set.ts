import { setTimeout as sleep } from 'node:timers/promises';
import { FescueError } from '../../components/common/errors.ts';
import { type ComponentState, isUp } from './lifecycle-state.ts';
import type { PlannedComponent } from './plan.ts';
import { bootstrapCodes } from './step-runner.ts';
import type { Service, StateChange } from './supervise.ts';

export type ComponentStatus = { readonly name: string; readonly version: string; readonly state: ComponentState; readonly log: string };

/** A component and what runs it. */
export type Running = { readonly plan: PlannedComponent; readonly service: Service };

export type ComponentSetOptions = {
  /** Makes the service of a component, which tells `onStateChange` of every change. */
  readonly createService: (plan: PlannedComponent) => Service;
  /** Done when services were made, before any of them starts. */
  readonly beforeStart: () => void;
  /** How long a component has to be running to count as started: one that ends at once is RUNNING for a moment too. */
  readonly steadyMs: number;
  readonly onNote: (text: string) => void;
};

/** How to come from what runs to what is planned. */
export type Change = {
  readonly plan: readonly PlannedComponent[];
  /** Done while everything that changes is stopped: files, configuration. */
  readonly whileStopped: () => Promise<void>;
  /** Whether the bootstrap steps of what is new are run. */
  readonly bootstrap: boolean;
};

/** The components that run, and the order in which they start and stop. */
export class ComponentSet {
  readonly #options: ComponentSetOptions;
  /** In start order. */
  #running = new Map<string, Running>();
  readonly #closed = Promise.withResolvers<never>();
  #isClosed = false;
  #stateChange = Promise.withResolvers<void>();

  constructor(options: ComponentSetOptions) {
    this.#options = options;
    this.#closed.promise.catch(() => undefined);
  }

  list(): Running[] {
    return [...this.#running.values()];
  }

  get(name: string): Running | undefined {
    return this.#running.get(name);
  }

  /** Whether every HARD dependency that is deployed is ready; built-in components are always there. */
  dependenciesReady(plan: PlannedComponent): boolean {
    return hardDependencies(plan).every((name) => this.#running.get(name)?.service.ready ?? true);
  }

  /** To be called at every change of a service's state. */
  onStateChange(change: StateChange): void {
    for (const { plan, service } of this.#running.values()) if (hardDependencies(plan).includes(change.component)) service.dependenciesChanged();
    this.#stateChange.resolve();
    this.#stateChange = Promise.withResolvers();
  }

  /**
   * Stops what differs from the plan, and what depends on it; then starts everything in the plan that is not running. What
   * is not in the plan goes on running, until `removeOthers`.
   *
   * @throws FescueError `failed-precondition` when a bootstrap step fails
   */
  async change({ plan, whileStopped, bootstrap }: Change): Promise<void> {
    const before = new Map(this.#running);
    const changed = plan.filter((one) => differs(one, before.get(one.recipe.name))).map(({ recipe }) => recipe.name);
    const halted = await this.#stopForChange(changed);
    try {
      await whileStopped();
      const others = [...this.#running].filter(([name]) => !plan.some(({ recipe }) => recipe.name === name));
      const planned = plan.map((one) => [one.recipe.name, { plan: one, service: this.#running.get(one.recipe.name)?.service ?? this.#options.createService(one) }] as const);
      this.#running = new Map([...planned, ...others]);
      this.#options.beforeStart();
      if (bootstrap) await this.#bootstrap(changed, before);
      if (this.#isClosed) await this.#closed.promise;
      for (const { service } of this.#running.values()) service.start();
    } finally {
      for (const service of halted) service.restart('a dependency changed');
    }
  }

  /** Stops and removes what is not in the plan, for good. */
  async removeOthers(plan: readonly PlannedComponent[]): Promise<void> {
    for (const { plan: old, service } of this.list().toReversed()) {
      const { name, version } = old.recipe;
      if (plan.some(({ recipe }) => recipe.name === name)) continue;
      await service.stop();
      await service.uninstall(version);
      this.#running.delete(name);
    }
  }

  /**
   * Resolves when all of the components have been running for a moment, or have finished.
   *
   * @throws FescueError `failed-precondition` when one of them is BROKEN, `cancelled` when everything is stopped meanwhile
   */
  async settled(names: readonly string[]): Promise<void> {
    for (;;) {
      const services = names.flatMap((name) => this.#running.get(name)?.service ?? []);
      const broken = services.find((service) => service.state === 'BROKEN');
      if (broken !== undefined) throw brokenError(broken);
      const leftMs = Math.max(0, ...services.map(({ runningForMs }) => (runningForMs === undefined ? 0 : this.#options.steadyMs - runningForMs)));
      const up = services.every((service) => isUp(service.state));
      if (up && leftMs === 0) return;
      await Promise.race([this.#stateChange.promise, this.#closed.promise, ...(up ? [sleep(leftMs, undefined, { ref: false })] : [])]);
    }
  }

  /** Stops everything, dependents before their dependencies; nothing starts after that. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#closed.reject(new FescueError('cancelled', 'The nucleus was stopped before the deployment was done.'));
    for (const { plan, service } of this.list().toReversed()) {
      await service.stop();
      this.#running.delete(plan.recipe.name);
    }
  }

  /** Names of the components that depend HARD on one of the given, directly or not, besides those themselves. */
  dependentsOf(names: readonly string[]): string[] {
    const found = new Set(names);
    // Start order has every dependency before its dependents, so that one walk finds all.
    for (const { plan } of this.#running.values()) if (hardDependencies(plan).some((name) => found.has(name))) found.add(plan.recipe.name);
    return [...found].filter((name) => !names.includes(name));
  }

  /** @returns the dependents that were halted only for now */
  async #stopForChange(changed: readonly string[]): Promise<Service[]> {
    const dependents = this.dependentsOf(changed);
    const halted: Service[] = [];
    for (const { plan, service } of this.list().toReversed()) {
      const { name } = plan.recipe;
      if (changed.includes(name)) {
        await service.stop();
        this.#running.delete(name);
      } else if (dependents.includes(name) && !service.halted && service.state !== 'BROKEN') {
        await service.halt();
        halted.push(service);
      }
    }
    return halted;
  }

  async #bootstrap(changed: readonly string[], before: ReadonlyMap<string, Running>): Promise<void> {
    for (const name of changed) {
      const running = this.#running.get(name);
      const [now, earlier] = [running?.plan, before.get(name)?.plan];
      const sameStep = JSON.stringify(now?.lifecycle.steps.bootstrap) === JSON.stringify(earlier?.lifecycle.steps.bootstrap);
      if (running === undefined || (sameStep && now?.recipe.version === earlier?.recipe.version)) continue;
      const outcome = await running.service.bootstrap();
      if (outcome.kind === 'failed') throw new FescueError('failed-precondition', `Component ${name} cannot be deployed: ${outcome.reason}. ${lastWords(running.service)}`);
      if (outcome.code === bootstrapCodes.restartNucleus) this.#options.onNote(`${name}: its bootstrap step asks for a restart of the nucleus, which is not done here`);
      if (outcome.code === bootstrapCodes.reboot) this.#options.onNote(`${name}: its bootstrap step asks for a restart of the device, which is not done here`);
    }
  }
}

/** Whether what runs has to make way: it is made of something else, or BROKEN, which only a new start ends. */
function differs(planned: PlannedComponent, running: Running | undefined): boolean {
  return running === undefined || running.plan.fingerprint !== planned.fingerprint || running.service.state === 'BROKEN';
}

function hardDependencies({ recipe }: PlannedComponent): string[] {
  return Object.entries(recipe.dependencies).filter(([, { type }]) => type === 'HARD').map(([name]) => name);
}

function brokenError(service: Service): FescueError {
  return new FescueError('failed-precondition', `Component ${service.name} is BROKEN: ${service.lastFailure ?? 'it failed three times in a row'}. ${lastWords(service)}`);
}

function lastWords({ log }: Service): string {
  return `Its log ${log.path} ends with:\n${log.recent().map((line) => `  ${line}`).join('\n')}`;
}
