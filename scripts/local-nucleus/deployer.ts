import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import type { ComponentSet } from './component-set.ts';
import type { ComponentUpdates } from './component-updates.ts';
import type { ConfigStore } from './config-store.ts';
import type { DeploymentOutcome, DeploymentRequest } from './deployment.ts';
import { stageComponent } from './install.ts';
import type { DeployedVersion, StateFile } from './nucleus-state.ts';
import { type PlanContext, planComponents, type PlannedComponent } from './plan.ts';
import { readRecipeFolder, readStoredRecipes } from './recipe-folder.ts';
import { resolve } from './resolve.ts';
import { chooseRoots, type Roots } from './roots.ts';
import { clearPlace, giveTo, putBack, putInPlace, removeOthers } from './version-files.ts';

export type DeployerOptions = {
  readonly components: ComponentSet;
  readonly configurations: ConfigStore;
  readonly state: StateFile;
  readonly updates: ComponentUpdates;
  readonly planContext: (runWith: Readonly<Record<string, string>>) => PlanContext;
  /** How long components have to answer a pre-update event. */
  readonly updateTimeoutMs: number;
  readonly onNote: (text: string) => void;
};

/** A deployment that can be carried out. */
type Prepared = { readonly id: string; readonly request: DeploymentRequest; readonly plan: readonly PlannedComponent[]; readonly roots: Roots; readonly staged: readonly PlannedComponent[] };

/** What to go back to. */
type Snapshot = { readonly plan: readonly PlannedComponent[]; readonly configuration: ReturnType<ConfigStore['export']>; readonly broken: readonly string[] };

const cancelled: DeploymentOutcome = { status: 'CANCELED', reason: 'It was cancelled before anything was changed.' };

/** Carries out one deployment at a time. */
export class Deployer {
  readonly #options: DeployerOptions;

  constructor(options: DeployerOptions) {
    this.#options = options;
  }

  /** @param signal gives it up, as long as nothing that runs was touched */
  async run(id: string, request: DeploymentRequest, signal: AbortSignal): Promise<DeploymentOutcome> {
    const { updates, updateTimeoutMs } = this.#options;
    let prepared: Prepared;
    try {
      prepared = await this.#prepare(id, request);
    } catch (error) {
      return { status: 'FAILED', detail: 'FAILED_NO_STATE_CHANGE', reason: reasonOf(error) };
    }
    try {
      if (request.notifyComponents) await updates.agree({ deploymentId: id, timeoutMs: updateTimeoutMs, signal });
      if (signal.aborted) return cancelled;
      return await this.#apply(prepared);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return cancelled;
      throw error;
    } finally {
      if (request.notifyComponents) updates.finish(id);
    }
  }

  /** Starts what the state says was deployed. @throws FescueError when the store no longer has it */
  async launch(): Promise<void> {
    const { components, state, planContext } = this.#options;
    const context = planContext(state.current.runWith);
    await putBack(context.store);
    await clearPlace(context.store.staging);
    const stored = await readStoredRecipes(context.store.recipes);
    const recipes = state.current.components.map(({ name, version }) => {
      const recipe = stored.find((one) => one.name === name && one.version === version);
      if (recipe === undefined) throw new FescueError('not-found', `Component ${name} ${version} was deployed here, but its recipe is no longer in ${context.store.recipes}. Deploy it again.`);
      return recipe;
    });
    const knownContent = (name: string) => state.current.components.find((one) => one.name === name)?.content;
    const plan = await planComponents({ recipes, knownContent }, context);
    await components.change({ plan, whileStopped: async () => this.#prepareFiles(plan), bootstrap: false });
  }

  async #prepare(id: string, request: DeploymentRequest): Promise<Prepared> {
    const { state } = this.#options;
    const roots = chooseRoots(request, state.current);
    const context = this.#options.planContext(roots.runWith);
    const given = request.recipeDir === undefined ? [] : await readRecipeFolder(request.recipeDir);
    const stored = await readStoredRecipes(context.store.recipes);
    const recipes = [...given, ...stored.filter((one) => !given.some(({ name, version }) => name === one.name && version === one.version))];
    const activeVersion = (name: string): string | undefined => state.current.components.find((one) => one.name === name)?.version;
    const chosen = resolve({ roots: roots.wanted, others: roots.others, recipes, activeVersion });
    const plan = await planComponents({ recipes: chosen, artifactDir: request.artifactDir, configuration: request.configuration }, context);
    const staged = plan.filter((one) => !this.#isInstalled(one));
    await clearPlace(context.store.staging);
    // What an interrupted roll-back left would be taken for this deployment's.
    await putBack(context.store);
    for (const { recipe, artifacts } of staged) await stageComponent({ recipe, store: context.store }, artifacts ?? []);
    return { id, request, plan, roots, staged };
  }

  #isInstalled({ recipe, content }: PlannedComponent): boolean {
    const known = [...this.#options.state.current.components].find(({ name, version }) => name === recipe.name && version === recipe.version)?.content;
    return known?.recipe === content.recipe && known.artifacts === content.artifacts;
  }

  async #apply(prepared: Prepared): Promise<DeploymentOutcome> {
    const { components, configurations } = this.#options;
    const { plan, request } = prepared;
    const snapshot: Snapshot = {
      plan: components.list().map((one) => one.plan),
      configuration: configurations.export(),
      broken: components.list().filter(({ service }) => service.state === 'BROKEN').map((one) => one.plan.recipe.name),
    };
    try {
      await components.change({ plan, whileStopped: async () => this.#install(prepared), bootstrap: true });
      await components.settled(namesOf(plan));
    } catch (error) {
      if (error instanceof FescueError && error.kind === 'cancelled') throw error;
      if (request.failurePolicy === 'ROLLBACK') return await this.#rollBack(snapshot, reasonOf(error));
      await this.#keep(prepared, snapshot.plan);
      return { status: 'FAILED', detail: 'FAILED_ROLLBACK_NOT_REQUESTED', reason: reasonOf(error) };
    }
    await this.#keep(prepared, snapshot.plan);
    return { status: 'SUCCEEDED', detail: 'SUCCESSFUL' };
  }

  async #install({ plan, staged }: Prepared): Promise<void> {
    const { store } = this.#options.planContext({});
    await putInPlace(store, staged.map(({ recipe }) => recipe));
    await this.#prepareFiles(plan);
    for (const { recipe, configuration } of plan) this.#options.configurations.set(recipe.name, configuration);
  }

  /** Makes the work folders, and gives components that run as another user the files they have to reach. */
  async #prepareFiles(plan: readonly PlannedComponent[]): Promise<void> {
    const { store } = this.#options.planContext({});
    for (const { recipe, user } of plan) {
      const work = store.work(recipe.name);
      await mkdir(dirname(work), { recursive: true });
      await mkdir(work, { recursive: true, mode: 0o700 });
      if (user !== undefined) await giveTo(user, { ...store.files(recipe.name, recipe.version), work });
    }
  }

  /** Makes the new set the one that is there, and removes what it does not need. */
  async #keep({ plan, roots }: Prepared, before: readonly PlannedComponent[]): Promise<void> {
    const { components, configurations, state } = this.#options;
    const { store } = this.#options.planContext({});
    await components.removeOthers(plan);
    for (const { recipe } of before) if (!plan.some((one) => one.recipe.name === recipe.name)) configurations.remove(recipe.name);
    const deployed = plan.map((one) => deployedVersion(one, state.current.components));
    state.change({ groups: roots.groups, runWith: roots.runWith, components: deployed, configuration: configurations.export() });
    await clearPlace(store.setAside);
    const needed = deployed.flatMap(({ name, version, previousVersion }) => [{ name, version }, ...(previousVersion === undefined ? [] : [{ name, version: previousVersion }])]);
    await removeOthers(store, needed);
  }

  async #rollBack(snapshot: Snapshot, reason: string): Promise<DeploymentOutcome> {
    const { components, configurations, state, onNote } = this.#options;
    onNote(`the deployment failed and is rolled back: ${reason}`);
    const { store } = this.#options.planContext({});
    const whileStopped = async (): Promise<void> => {
      await putBack(store);
      await this.#prepareFiles(snapshot.plan);
      configurations.restore(snapshot.configuration);
    };
    try {
      await components.change({ plan: snapshot.plan, whileStopped, bootstrap: false });
      // Those that were BROKEN before may be so again, and what depends on them waits.
      const excused = [...snapshot.broken, ...components.dependentsOf(snapshot.broken)];
      await components.settled(namesOf(snapshot.plan).filter((name) => !excused.includes(name)));
      await components.removeOthers(snapshot.plan);
      state.change({ configuration: configurations.export() });
      return { status: 'FAILED', detail: 'FAILED_ROLLBACK_COMPLETE', reason: `${reason}\nIt was rolled back: what was deployed before runs again.` };
    } catch (error) {
      if (error instanceof FescueError && error.kind === 'cancelled') throw error;
      return { status: 'FAILED', detail: 'FAILED_UNABLE_TO_ROLLBACK', reason: `${reason}\nThe roll-back failed too: ${reasonOf(error)}` };
    }
  }
}

function deployedVersion({ recipe, content }: PlannedComponent, before: readonly DeployedVersion[]): DeployedVersion {
  const earlier = before.find(({ name }) => name === recipe.name);
  const previousVersion = earlier === undefined || earlier.version === recipe.version ? earlier?.previousVersion : earlier.version;
  return { name: recipe.name, version: recipe.version, content, ...(previousVersion === undefined ? {} : { previousVersion }) };
}

function namesOf(plan: readonly PlannedComponent[]): string[] {
  return plan.map(({ recipe }) => recipe.name);
}

/** What to tell whoever deployed; a fault of our own goes on as what it is. */
function reasonOf(error: unknown): string {
  if (error instanceof FescueError || (error instanceof Error && 'syscall' in error)) return messageOf(error);
  throw error;
}
