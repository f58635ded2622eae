import { mkdir } from 'node:fs/promises';
import { machine } from 'node:os';
import { resolve as absolute } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';
import { ConfigStore } from './config-store.ts';
import { type CredentialSource, generatedCredentials } from './credential-source.ts';
import { componentEnvironment, generateToken } from './environment.ts';
import { installComponent } from './install.ts';
import type { LocalMessage } from './ipc-operations.ts';
import { IpcServer } from './ipc-server.ts';
import { type ComponentState, isUp } from './lifecycle-state.ts';
import { LogFile } from './log-file.ts';
import { type Deployment, planDeployment, type PlannedComponent } from './plan.ts';
import { hostAttributes } from './platform.ts';
import { noteRunning, release, takeOver } from './running-file.ts';
import { type Store, storeAt } from './store.ts';
import { Service, type StateChange } from './supervise.ts';
import { TokenExchange } from './token-exchange.ts';
import { type TopicMessage, Topics } from './topics.ts';

export type NucleusEvent =
  | ({ readonly kind: 'state' } & StateChange)
  | ({ readonly kind: 'iot-core' } & TopicMessage)
  | { readonly kind: 'log'; readonly component: string; readonly source: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string };

export type NucleusOptions = {
  /** Folder that stands for `/greengrass/v2`; created when missing. */
  readonly root: string;
  /** The environment components inherit a little of. */
  readonly environment: NodeJS.ProcessEnv;
  readonly thingName?: string;
  readonly region?: string;
  /** What the token exchange service gives; by default made-up credentials that live one minute. */
  readonly credentials?: CredentialSource;
  readonly onEvent?: (event: NucleusEvent) => void;
};

export type ComponentStatus = { readonly name: string; readonly version: string; readonly state: ComponentState; readonly log: string };

type Deployed = { readonly plan: PlannedComponent; readonly service: Service };

/** As many messages to AWS IoT Core are kept; the oldest go first. */
const keptMessages = 1000;

/** A Greengrass nucleus for one machine: deploys recipes, supervises the components, serves IPC and credentials. */
export class LocalNucleus {
  readonly #options: NucleusOptions;
  readonly #store: Store;
  readonly #thingName: string;
  readonly #configurations = new ConfigStore();
  readonly #iotCore = new Topics<TopicMessage>();
  readonly #local = new Topics<LocalMessage>();
  readonly #tokens = new Map<string, string>();
  readonly #deployed = new Map<string, Deployed>();
  readonly #messages: TopicMessage[] = [];
  readonly #stopped = Promise.withResolvers<never>();
  readonly #ipc: IpcServer;
  readonly #tokenExchange: TokenExchange;
  #credentialsUrl = '';
  #started = false;
  #log: LogFile | undefined;
  #stateChange = Promise.withResolvers<void>();

  constructor(options: NucleusOptions) {
    this.#options = options;
    this.#store = storeAt(absolute(options.root));
    this.#thingName = options.thingName ?? 'local-nucleus';
    this.#stopped.promise.catch(() => undefined);
    this.#iotCore.subscribe('#', (message) => this.#keep(message));
    const onNote = (text: string): void => this.#note(text);
    this.#ipc = new IpcServer({
      path: this.#store.ipcSocket,
      services: {
        configurations: this.#configurations,
        iotCore: this.#iotCore,
        local: this.#local,
        reportState: (component, state) => this.#deployed.get(component)?.service.report(state),
      },
      authenticate: (token) => this.#componentOf(token),
      onNote,
    });
    this.#tokenExchange = new TokenExchange({
      source: options.credentials ?? generatedCredentials(60),
      isKnown: (token) => this.#componentOf(token) !== undefined,
      onNote,
    });
  }

  /** Folder below which everything lies. */
  get root(): string {
    return this.#store.root;
  }

  /** Serves IPC and credentials. @throws FescueError `failed-precondition` when the root is in use or unusable */
  async start(): Promise<void> {
    await mkdir(this.#store.root, { recursive: true, mode: 0o700 });
    await takeOver(this.#store.runningFile);
    await mkdir(absolute(this.#store.root, 'logs'), { recursive: true });
    this.#log = new LogFile(this.#store.log('greengrass'));
    await noteRunning(this.#store.runningFile, []);
    this.#started = true;
    await this.#ipc.start();
    this.#credentialsUrl = await this.#tokenExchange.start();
  }

  /**
   * Installs and starts components; resolves when all of them run or have finished. What an earlier deployment started
   * and this one does not hold is stopped; what did not change goes on running.
   *
   * @throws FescueError when the deployment cannot be planned, a component ends up BROKEN, or the nucleus is stopped
   */
  async deploy(deployment: Deployment): Promise<void> {
    const plan = await planDeployment(deployment, {
      store: this.#store,
      host: hostAttributes({ platform: process.platform, arch: process.arch, machine: machine() }),
      thingName: this.#thingName,
      currentConfiguration: (component) => this.#configurations.get(component),
    });
    for (const { plan: old, service } of this.#inStopOrder()) {
      const kept = plan.some((one) => one.recipe.name === old.recipe.name && one.fingerprint === old.fingerprint);
      if (!kept || service.state === 'BROKEN') await this.#remove(old.recipe.name);
    }
    for (const component of plan) this.#configurations.set(component.recipe.name, component.configuration);
    const added = plan.filter((component) => !this.#deployed.has(component.recipe.name));
    for (const component of added) await installComponent({ recipe: component.recipe, store: this.#store }, component.artifacts);
    for (const component of added) this.#deployed.set(component.recipe.name, { plan: component, service: this.#service(component) });
    await noteRunning(this.#store.runningFile, [...this.#tokens.values()]);
    for (const { service } of this.#deployed.values()) service.start();
    await this.#settled();
  }

  /** Every deployed component, in start order. */
  components(): ComponentStatus[] {
    return [...this.#deployed.values()].map(({ plan, service }) => ({ name: plan.recipe.name, version: plan.recipe.version, state: service.state, log: service.log.path }));
  }

  /** What components published to AWS IoT Core, oldest first. */
  iotCoreMessages(): readonly TopicMessage[] {
    return [...this.#messages];
  }

  /** Stops the components, dependents before their dependencies, then the services. */
  async stop(): Promise<void> {
    this.#stopped.reject(new FescueError('cancelled', 'The nucleus was stopped before the deployment was done.'));
    for (const { plan } of this.#inStopOrder()) await this.#remove(plan.recipe.name);
    await this.#tokenExchange.stop();
    await this.#ipc.stop();
    // Without a start, the file is another nucleus's.
    if (this.#started) await release(this.#store.runningFile);
  }

  #inStopOrder(): Deployed[] {
    return [...this.#deployed.values()].toReversed();
  }

  async #remove(name: string): Promise<void> {
    await this.#deployed.get(name)?.service.stop();
    this.#deployed.delete(name);
  }

  #service({ recipe, manifest, lifecycle }: PlannedComponent): Service {
    const token = this.#tokenOf(recipe.name);
    const log = new LogFile(this.#store.log(recipe.name), (source, text) => {
      if (source !== 'nucleus') this.#options.onEvent?.({ kind: 'log', component: recipe.name, source, text });
    });
    if (manifest.lifecycle.ignored.length > 0) this.#note(`${recipe.name}: lifecycle keys without an effect here: ${manifest.lifecycle.ignored.join(', ')}`);
    const hard = Object.entries(recipe.dependencies).filter(([, { type }]) => type === 'HARD').map(([name]) => name);
    return new Service({
      name: recipe.name,
      lifecycle,
      workDir: this.#store.work(recipe.name),
      environment: componentEnvironment({
        inherited: this.#options.environment,
        token,
        ipcSocket: this.#store.ipcSocket,
        credentialsUrl: this.#credentialsUrl,
        thingName: this.#thingName,
        region: this.#options.region ?? 'us-east-1',
      }),
      token,
      log,
      // Built-in components are always there.
      dependenciesReady: () => hard.every((name) => this.#deployed.get(name)?.service.ready ?? true),
      onStateChange: (change) => this.#onStateChange(change),
    });
  }

  #onStateChange(change: StateChange): void {
    for (const { plan, service } of this.#deployed.values()) {
      if (plan.recipe.dependencies[change.component]?.type === 'HARD') service.dependenciesChanged();
    }
    this.#stateChange.resolve();
    this.#stateChange = Promise.withResolvers();
    this.#options.onEvent?.({ kind: 'state', ...change });
  }

  async #settled(): Promise<void> {
    for (;;) {
      const services = [...this.#deployed.values()].map(({ service }) => service);
      const broken = services.find((service) => service.state === 'BROKEN');
      if (broken !== undefined) throw brokenError(broken);
      if (services.every((service) => isUp(service.state))) return;
      await Promise.race([this.#stateChange.promise, this.#stopped.promise]);
    }
  }

  #tokenOf(component: string): string {
    const token = this.#tokens.get(component) ?? generateToken();
    this.#tokens.set(component, token);
    return token;
  }

  #componentOf(token: string): string | undefined {
    return [...this.#tokens].find(([, known]) => known === token)?.[0];
  }

  #keep(message: TopicMessage): void {
    this.#messages.push(message);
    if (this.#messages.length > keptMessages) this.#messages.shift();
    this.#options.onEvent?.({ kind: 'iot-core', ...message });
  }

  #note(text: string): void {
    this.#log?.write('WARN', 'nucleus', text);
    this.#options.onEvent?.({ kind: 'note', text });
  }
}

function brokenError({ name, log, lastFailure }: Service): FescueError {
  const lines = log.recent().map((line) => `  ${line}`);
  return new FescueError('failed-precondition', `Component ${name} is BROKEN: ${lastFailure ?? 'it failed three times in a row'}. Its log ${log.path} ends with:\n${lines.join('\n')}`);
}
