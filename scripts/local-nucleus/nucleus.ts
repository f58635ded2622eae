import { mkdir } from 'node:fs/promises';
import { machine } from 'node:os';
import { resolve as absolute } from 'node:path';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { removeCommandLineCredentials, writeCommandLineCredentials } from './command-line-credentials.ts';
import { ComponentSet, type ComponentStatus } from './component-set.ts';
import { ComponentUpdates } from './component-updates.ts';
import { ConfigStore } from './config-store.ts';
import { type CredentialSource, generatedCredentials } from './credential-source.ts';
import { Deployer } from './deployer.ts';
import type { Deployment, DeploymentOutcome, DeploymentRequest } from './deployment.ts';
import { DeploymentQueue } from './deployment-queue.ts';
import { componentEnvironment } from './environment.ts';
import { authorizer, commandLineOf, type IpcOperations } from './ipc-call.ts';
import { commandLineOperations } from './ipc-command-line.ts';
import { configurationOperations } from './ipc-configuration.ts';
import { lifecycleOperations } from './ipc-lifecycle.ts';
import { LocalIotCore } from './iot-core.ts';
import { IpcServer, maxSocketPathBytes } from './ipc-server.ts';
import { shadowOperations } from './ipc-shadows.ts';
import { type LocalMessage, topicOperations } from './ipc-topics.ts';
import { LogFile } from './log-file.ts';
import { type DeploymentRecord, StateFile } from './nucleus-state.ts';
import type { PlanContext, PlannedComponent } from './plan.ts';
import { hostAttributes } from './platform.ts';
import { checkReachable, findPosixUser, type PosixUser } from './posix-user.ts';
import { noteRunning, release, takeOver } from './running-file.ts';
import { ShadowStore } from './shadow-store.ts';
import { type Store, storeAt } from './store.ts';
import { Service, type StateChange } from './supervise.ts';
import { TokenExchange } from './token-exchange.ts';
import { Tokens } from './tokens.ts';
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
  readonly thingName?: string | undefined;
  readonly region?: string | undefined;
  /** What the token exchange service gives; by default made-up credentials that live one minute. */
  readonly credentials?: CredentialSource | undefined;
  /** Whom components run as, `user[:group]`; by default the user of this process. */
  readonly posixUser?: string | undefined;
  /** Makes every deployment ask subscribed components first, as a cloud deployment does. */
  readonly notifyComponents?: boolean | undefined;
  /** How long they have to answer; by default one minute. */
  readonly updateTimeoutMs?: number | undefined;
  /** How long a component has to be running for a deployment to call it started; by default one second, as often as a nucleus looks. */
  readonly steadyMs?: number | undefined;
  readonly onEvent?: ((event: NucleusEvent) => void) | undefined;
};

/** As many messages to AWS IoT Core are kept; the oldest go first. */
const keptMessages = 1000;

/** A Greengrass nucleus for one machine: deploys recipes, supervises the components, serves IPC and credentials. */
export class LocalNucleus {
  readonly #options: NucleusOptions;
  readonly #store: Store;
  readonly #thingName: string;
  readonly #state: StateFile;
  readonly #configurations: ConfigStore;
  readonly #shadows: ShadowStore;
  readonly #components: ComponentSet;
  readonly #updates: ComponentUpdates;
  readonly #queue: DeploymentQueue;
  readonly #deployer: Deployer;
  readonly #iotCore: LocalIotCore;
  readonly #local = new Topics<LocalMessage>();
  readonly #tokens = new Tokens();
  readonly #messages: TopicMessage[] = [];
  readonly #ipc: IpcServer;
  readonly #tokenExchange: TokenExchange;
  #credentialsUrl = '';
  #started = false;
  #log: LogFile | undefined;

  constructor(options: NucleusOptions) {
    this.#options = options;
    this.#store = storeAt(absolute(options.root));
    this.#thingName = options.thingName ?? 'local-nucleus';
    const onNote = (text: string): void => this.#note(text);
    this.#state = new StateFile(this.#store.stateFile);
    this.#configurations = new ConfigStore(() => this.#state.change({ configuration: this.#configurations.export() }));
    this.#shadows = new ShadowStore(this.#store.shadowFolder);
    // A component is recognised by its token also when this process is gone.
    const beforeStart = (): void => noteRunning(this.#store.runningFile, this.#tokens.all());
    this.#components = new ComponentSet({ createService: (plan) => this.#service(plan), beforeStart, steadyMs: options.steadyMs ?? 1_000, onNote });
    this.#updates = new ComponentUpdates(onNote);
    this.#deployer = new Deployer({
      components: this.#components,
      configurations: this.#configurations,
      state: this.#state,
      updates: this.#updates,
      planContext: (runWith) => this.#planContext(runWith),
      updateTimeoutMs: options.updateTimeoutMs ?? 60_000,
      onNote,
    });
    this.#queue = new DeploymentQueue({ state: this.#state, run: async (id, request, signal) => this.#deployer.run(id, request, signal), onNote });
    this.#iotCore = new LocalIotCore({ shadows: this.#shadows, heartbeatFile: this.#store.heartbeatFile, onMessage: (message) => this.#keep(message), onNote });
    this.#ipc = new IpcServer({ path: this.#store.ipcSocket, operations: this.#operations(), authenticate: (token) => this.#tokens.callerOf(token), onNote });
    this.#tokenExchange = new TokenExchange({ source: options.credentials ?? generatedCredentials(60), isKnown: (token) => this.#tokens.callerOf(token) !== undefined, onNote });
  }

  /** Folder below which everything lies. */
  get root(): string {
    return this.#store.root;
  }

  /**
   * Serves IPC and credentials, and starts the components that were deployed below this root before.
   *
   * @throws FescueError `failed-precondition` when the root is in use or unusable
   */
  async start(): Promise<void> {
    const user = this.#options.posixUser === undefined ? undefined : await findPosixUser(this.#options.posixUser);
    // Another user's components have to get through it; what is secret below has modes of its own.
    await mkdir(this.#store.root, { recursive: true, mode: user === undefined ? 0o700 : 0o755 });
    if (user !== undefined) await checkReachable(this.#store.root, user);
    await takeOver(this.#store.runningFile);
    this.#started = true;
    await mkdir(absolute(this.#store.root, 'logs'), { recursive: true });
    this.#log = new LogFile(this.#store.log('greengrass'));
    this.#loadState();
    await this.#ipc.start();
    this.#credentialsUrl = await this.#tokenExchange.start();
    await this.#launch();
    const userId = process.getuid?.() ?? 0;
    await writeCommandLineCredentials({ folder: this.#store.commandLineFolder, userId, token: this.#tokens.of(commandLineOf(userId)), socketPath: this.#store.ipcSocket });
  }

  /**
   * Installs and starts components; resolves when all of them run or have finished. What an earlier deployment started
   * and this one does not hold is stopped; what did not change goes on running.
   *
   * @throws FescueError when the deployment cannot be planned, a component ends up BROKEN, or the nucleus is stopped
   */
  async deploy({ components, configuration = {}, ...folders }: Deployment): Promise<void> {
    const outcome = await this.submit({ ...folders, add: components, remove: 'others', configuration, runWith: {}, failurePolicy: 'DO_NOTHING', notifyComponents: this.#options.notifyComponents ?? false }).done;
    if (outcome.status !== 'SUCCEEDED') throw new FescueError(outcome.status === 'CANCELED' ? 'cancelled' : 'failed-precondition', outcome.reason);
  }

  /** Queues a change of what runs. @returns its id, and what becomes of it */
  submit(request: DeploymentRequest): { id: string; done: Promise<DeploymentOutcome> } {
    return this.#queue.submit(request);
  }

  /** Gives up a deployment that waits, or that nothing was changed by. @returns whether it was not finished yet; undefined for an unknown one */
  cancel(id: string): boolean | undefined {
    return this.#queue.cancel(id);
  }

  /** Latest deployments, oldest first. */
  deployments(): readonly DeploymentRecord[] {
    return this.#queue.list();
  }

  /** Every deployed component, in start order. */
  components(): ComponentStatus[] {
    return this.#components.list().map(({ plan, service }) => ({ name: plan.recipe.name, version: plan.recipe.version, state: service.state, log: service.log.path }));
  }

  /** What components published to AWS IoT Core, oldest first. */
  iotCoreMessages(): readonly TopicMessage[] {
    return [...this.#messages];
  }

  /** Stops the components, dependents before their dependencies, then the services. */
  async stop(): Promise<void> {
    if (this.#started) this.#queue.close();
    await this.#components.stop();
    await this.#queue.idle();
    await this.#components.stop();
    await this.#tokenExchange.stop();
    if (!this.#started) return;
    // Without a start, these are another nucleus's.
    this.#started = false;
    await this.#ipc.stop();
    await removeCommandLineCredentials(this.#store.commandLineFolder);
    await release(this.#store.runningFile);
  }

  #loadState(): void {
    const onNote = (text: string): void => this.#note(text);
    this.#configurations.restore(this.#state.load(onNote).configuration);
    this.#shadows.load(onNote);
    this.#queue.forgetUnfinished();
  }

  async #launch(): Promise<void> {
    try {
      await this.#deployer.launch();
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      this.#note(`What was deployed before cannot be started: ${messageOf(error)}`);
    }
  }

  #operations(): IpcOperations {
    const authorize = authorizer(this.#configurations);
    const [components, configurations] = [this.#components, this.#configurations];
    return {
      ...topicOperations({ authorize, iotCore: this.#iotCore, local: this.#local }),
      ...configurationOperations(configurations),
      ...lifecycleOperations({
        reportState: (component, state) => components.get(component)?.service.report(state),
        updates: this.#updates,
        isToken: (token) => this.#tokens.callerOf(token) !== undefined,
      }),
      ...shadowOperations({ authorize, store: this.#shadows, publish: (message) => this.#local.publish(message), isDeployed: () => this.#asksFor('aws.greengrass.ShadowManager') }),
      ...commandLineOperations({ authorize, components, configurations, deployments: this.#queue, notifyComponents: this.#options.notifyComponents ?? false, artifactsFolder: this.#store.artifactsFolder }),
    };
  }

  /** Whether a component that comes with the nucleus is a root component or a dependency. */
  #asksFor(builtIn: string): boolean {
    const roots = Object.values(this.#state.current.groups).some((group) => Object.hasOwn(group, builtIn));
    return roots || this.#components.list().some(({ plan }) => Object.hasOwn(plan.recipe.dependencies, builtIn));
  }

  #planContext(runWith: Readonly<Record<string, string>>): PlanContext {
    return {
      store: this.#store,
      host: hostAttributes({ platform: process.platform, arch: process.arch, machine: machine() }),
      thingName: this.#thingName,
      currentConfiguration: (component) => this.#configurations.get(component),
      userOf: async (component) => this.#userOf(runWith[component]),
    };
  }

  async #userOf(runWith: string | undefined): Promise<PosixUser | undefined> {
    const wanted = runWith ?? this.#options.posixUser;
    if (wanted === undefined) return undefined;
    const user = await findPosixUser(wanted);
    await checkReachable(this.#store.root, user);
    return user;
  }

  #service(plan: PlannedComponent): Service {
    const { recipe, manifest, lifecycle, user } = plan;
    const token = this.#tokens.of(recipe.name);
    const log = new LogFile(this.#store.log(recipe.name), (source, text) => {
      if (source !== 'nucleus') this.#options.onEvent?.({ kind: 'log', component: recipe.name, source, text });
    });
    if (manifest.lifecycle.ignored.length > 0) this.#note(`${recipe.name}: lifecycle keys without an effect here: ${manifest.lifecycle.ignored.join(', ')}`);
    const { ipcSocket } = this.#store;
    return new Service({
      name: recipe.name,
      lifecycle,
      workDir: this.#store.work(recipe.name),
      environment: componentEnvironment({
        inherited: this.#options.environment,
        token,
        // Seen from the work folder, as on a device.
        ipcSocket: Buffer.byteLength(ipcSocket) > maxSocketPathBytes ? '../../ipc.socket' : ipcSocket,
        credentialsUrl: Object.hasOwn(recipe.dependencies, 'aws.greengrass.TokenExchangeService') ? this.#credentialsUrl : undefined,
        thingName: this.#thingName,
        region: this.#options.region ?? 'us-east-1',
      }),
      token,
      user,
      log,
      dependenciesReady: () => this.#components.dependenciesReady(plan),
      onStateChange: (change) => this.#onStateChange(change),
    });
  }

  #onStateChange(change: StateChange): void {
    this.#components.onStateChange(change);
    this.#log?.write('INFO', 'nucleus', `${change.component}: ${change.previous} -> ${change.state}${change.reason === undefined ? '' : `: ${change.reason}`}`);
    this.#options.onEvent?.({ kind: 'state', ...change });
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
