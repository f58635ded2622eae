import { exitCodes } from '../common/command-line.ts';
import { CredentialKeeper } from '../common/credentials.ts';
import { firstConnection } from '../common/first-connection.ts';
import { connectGreengrassIpc, isGreengrassComponent, isNucleusServing, type GreengrassIpc } from '../common/greengrass-ipc.ts';
import { IpcLink } from '../common/ipc-link.ts';
import { LiveSettings } from '../common/live-settings.ts';
import { createLogger, type LogLevel } from '../common/log.ts';
import { NucleusTies } from '../common/nucleus-ties.ts';
import { causeInWords, stopRequest, type StopRequest } from '../common/stop-request.ts';
import { Activity } from './activity.ts';
import { agentsSocketName, readConfiguration } from './configuration.ts';
import { HandledImages } from './handled-images.ts';
import { runPipeline } from './pipeline.ts';
import { inferenceSettings } from './settings.ts';

export type RunOptions = {
  readonly environment: NodeJS.ProcessEnv;
  /** Settings by Greengrass key, as the command line gave them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly file?: string;
  /** How long a lost connection to the nucleus may take to come back, in milliseconds; a minute without. */
  readonly lossMs?: number;
};

const ipcTimeoutMs = 10_000;
/** A nucleus that starts may take its time; without the configuration there is nothing to begin with. */
const firstConnectionMs = 60_000;
const lossPatienceMs = 60_000;
const lastWordsMs = 1_000;

/**
 * The whole life of the component: configuration, credentials, model, images, and, when it is asked to stop, the way back.
 *
 * @throws FescueError when it cannot start, or the agent refuses the model
 */
export async function runInference(options: RunOptions): Promise<void> {
  const stop = stopRequest(options.environment);
  const { signal } = stop;
  let ipc: GreengrassIpc | undefined;
  try {
    ipc = isGreengrassComponent(options.environment) ? await firstConnection({ connect, signal, patienceMs: firstConnectionMs }) : undefined;
    if (!signal.aborted) await runWith({ ...options, ipc, stop });
  } finally {
    await ipc?.close();
    // What keeps the process alive after that is a nucleus that does not answer.
    setTimeout(() => process.exit(), lastWordsMs).unref();
  }
}

async function runWith({ ipc, stop, ...options }: RunOptions & { ipc: GreengrassIpc | undefined; stop: StopRequest }): Promise<void> {
  const { cause, signal } = stop;
  const refused: string[] = [];
  const initial = await readConfiguration({ ...options, ipc, onRefused: (problem) => refused.push(problem) });
  let { settings } = initial;
  const log = createLogger({ component: 'inference', level: settings.LogLevel as LogLevel, fd: () => (settings.PublishTo === 'stdout' ? 2 : 1) });
  for (const key of initial.unknownKeys) log.warn({ key }, 'configuration key is not known and has no effect');
  if (refused.length > 0) log.warn({ reason: refused.join('\n') }, 'settings cannot be used; starting with their defaults');
  void cause.then((because) => log.info({ reason: causeInWords(because) }, 'asked to stop'));
  const link = ipc === undefined ? undefined : new IpcLink({ first: ipc, connect, log });
  let renewal = new AbortController();
  const live = new LiveSettings({
    table: inferenceSettings,
    initial,
    read: async () => readConfiguration({ ...options, ipc: await link?.connection() }),
    log,
    onPostponed: (changes) => {
      log.info({ settings: changes }, 'configuration changed; finishing what runs and beginning anew');
      renewal.abort();
    },
  });
  const activity = new Activity();
  // What runs is finished before the end, and what waits has its turn after the next start, when there is somebody to publish to.
  const loss = { isServed: async () => isNucleusServing(options.environment), patienceMs: options.lossMs ?? lossPatienceMs, isBusy: () => false };
  const ties = link === undefined ? undefined : new NucleusTies({ link, log, onConfigurationUpdate: async () => live.update(), also: [agentsSocketName], isBusy: () => activity.busy, mostDeferralSeconds: () => live.current.DeferUpdatesSeconds, loss });
  const lost = new AbortController();
  void ties?.lost.then(() => {
    process.exitCode = exitCodes.failed;
    lost.abort();
  });
  const credentials = new CredentialKeeper({ environment: options.environment, log });
  ties?.start();
  await credentials.start();
  const handled = new HandledImages();
  try {
    do {
      renewal = new AbortController();
      settings = live.takeUp();
      await runPipeline({ settings, now: () => live.current, handled, activity, link, log, onReady: () => ties?.running(), signal, renewal: AbortSignal.any([renewal.signal, lost.signal]) });
    } while (renewal.signal.aborted && !signal.aborted && !lost.signal.aborted);
  } finally {
    credentials.stop();
    await ties?.stop();
  }
  log.info('stopped');
}

async function connect(): Promise<GreengrassIpc> {
  return connectGreengrassIpc({ timeoutMs: ipcTimeoutMs });
}
