import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '../common/command-line.ts';
import { connectGreengrassIpc, isGreengrassComponent, isNucleusServing } from '../common/greengrass-ipc.ts';
import { IpcLink } from '../common/ipc-link.ts';
import { LiveSettings } from '../common/live-settings.ts';
import { createLogger, type Logger } from '../common/log.ts';
import { NucleusTies } from '../common/nucleus-ties.ts';
import type { Outcome } from '../common/original-configuration.ts';
import { causeInWords, stopRequest, type StopCause } from '../common/stop-request.ts';
import { tuningOf } from './capture/capture-config.ts';
import { captureMetricsText } from './capture/capture-metrics.ts';
import { Captures } from './capture/captures.ts';
import { readAgentConfig, type ConfigSources } from './config.ts';
import { Health } from './health.ts';
import type { Heartbeats } from './heartbeat/heartbeats.ts';
import { ModelTally } from './heartbeat/model-tally.ts';
import { openHeartbeats } from './heartbeat/open-heartbeats.ts';
import { AgentMetrics } from './metrics.ts';
import { MetricsDoor } from './metrics-door.ts';
import { observers } from './model-observer.ts';
import { ModelRegistry } from './model-registry.ts';
import { AgentServer } from './server.ts';
import { agentSettings } from './settings.ts';

type ReadConfig = ReturnType<typeof readAgentConfig>;
type Live = LiveSettings<ReadConfig>;

const lastAnswersMs = 1_000;
/** What is longer than a test wants to wait. */
export type AgentPatience = {
  /** How long a lost connection to the nucleus may take to come back, in milliseconds; five minutes without. */
  readonly lossMs?: number;
};

const ipcTimeoutMs = 10_000;
const lossPatienceMs = 5 * 60_000;
/** For the recover step of a nucleus that acts on ERRORED. One that does not leaves it to the exit code. */
const erroredPatienceMs = 30_000;

/** Reads the configuration, serves until it is asked to stop, and stops in reverse order. @throws FescueError when it cannot serve */
export async function runAgent(sources: ConfigSources, { lossMs = lossPatienceMs }: AgentPatience = {}): Promise<void> {
  const initial = readAgentConfig(sources);
  const { config } = initial;
  const log = createLogger({ component: 'agent', level: config.logLevel });
  logOutcomes(log, initial.outcomes);

  const stopRequested = stopRequest(sources.environment).cause;
  const health = new Health();
  const metrics = new AgentMetrics();
  const tally = new ModelTally();
  const models = new ModelRegistry({ config, log, observer: observers(health, metrics, tally) });
  const captures = new Captures({ config: config.capture, log });
  const server = new AgentServer({ config, models, captures, health, metrics, log });
  const metricsDoor = new MetricsDoor({ config, text: () => metrics.text(models) + captureMetricsText(captures.figures), log });
  await metricsDoor.start();
  await server.start().catch(async (error: unknown) => {
    await metricsDoor.stop();
    throw error;
  });
  captures.start();

  const link = new IpcLink({ connect: async () => connectGreengrassIpc({ timeoutMs: ipcTimeoutMs }), log });
  const isComponent = isGreengrassComponent(sources.environment);
  const heartbeats = await openHeartbeats({ config: config.heartbeat, environment: sources.environment, isComponent, link, models, tally, captures, log });
  heartbeats?.start();
  const live = liveSettings({ initial, sources, link, models, captures, heartbeats, log });
  const isBusy = (): boolean => models.busy;
  const loss = { isServed: async () => isNucleusServing(sources.environment), patienceMs: lossMs, isBusy };
  const ties = isComponent ? new NucleusTies({ link, log, onConfigurationUpdate: async () => live.update(), isBusy, mostDeferralSeconds: () => live.current.DeferUpdatesSeconds, loss }) : undefined;
  ties?.start();
  ties?.running();
  const cause = await untilStopped({ stopRequested, server, ties, log });
  log.info({ reason: cause && causeInWords(cause) }, 'stopping');
  await Promise.all([server.stop(live.current.StopTimeoutSeconds * 1000), heartbeats?.stop()]);
  await metricsDoor.stop();
  await captures.stop();
  await models.stop();
  await ties?.stop();
  if (cause !== undefined) await heartbeats?.ended();
  log.info('stopped');
  if (cause === undefined) process.exitCode = exitCodes.failed;
  // The last answers are on their way. What keeps the process alive after that is a client that never closes its side.
  setTimeout(() => process.exit(), lastAnswersMs).unref();
}

type Following = { readonly initial: ReadConfig; readonly sources: ConfigSources; readonly link: IpcLink; readonly models: ModelRegistry; readonly captures: Captures; readonly heartbeats: Heartbeats | undefined; readonly log: Logger };

/** The settings in force. Those that come from Greengrass arrive when the agent serves already. */
function liveSettings({ initial, sources, link, models, captures, heartbeats, log }: Following): Live {
  const read = async (): Promise<ReadConfig> => {
    const connection = await link.connection();
    const { accessControl: _, ...deployed } = (await connection.getConfiguration()) ?? {};
    return readAgentConfig({ ...sources, deployed });
  };
  const onFollowed = ({ config }: ReadConfig): void => {
    models.tune(config);
    captures.tune(tuningOf(config.capture));
    heartbeats?.setPeriod(config.heartbeat.periodMs);
  };
  return new LiveSettings({ table: agentSettings, initial, read, log, onFollowed });
}

type Serving = { readonly stopRequested: Promise<StopCause>; readonly server: AgentServer; readonly ties: NucleusTies | undefined; readonly log: Logger };

/** @returns what asks to stop; undefined when there is a fault that a new start cures, and nobody stops it */
async function untilStopped({ stopRequested, server, ties, log }: Serving): Promise<StopCause | undefined> {
  const lost = Promise.withResolvers<'nucleus'>();
  void ties?.lost.then(() => lost.resolve('nucleus'));
  const end = await Promise.race([stopRequested.then((cause) => ({ cause })), server.lost.then((reason) => ({ reason })), lost.promise]);
  if (end === 'nucleus') return undefined;
  if ('cause' in end) return end.cause;
  log.error({ reason: end.reason }, 'the socket file is not in its place any more, and nobody new can connect; a new start makes it again');
  const isTold = (await ties?.errored()) === true;
  return isTold ? Promise.race([stopRequested, sleep(erroredPatienceMs, undefined, { ref: false })]) : undefined;
}

/** Tells what a configuration file asks for that this agent does not do. */
function logOutcomes(log: Logger, outcomes: readonly Outcome[]): void {
  const waiting = outcomes.filter((outcome) => outcome.fate === 'waiting').map((outcome) => outcome.key);
  if (waiting.length > 0) log.warn({ keys: waiting }, 'configuration keys are accepted, but this version does not act on them');
  for (const { key, fate, why } of outcomes) {
    if (fate === 'unknown') log.warn({ key }, 'configuration key is not known and has no effect');
    if (fate === 'overruled') log.warn({ key }, `configuration key has no effect: ${why}`);
    if (fate === 'dropped') log.info({ key }, `configuration key has no effect: ${why}`);
  }
}
