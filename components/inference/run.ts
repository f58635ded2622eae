import { CredentialKeeper } from '../common/credentials.ts';
import { connectGreengrassIpc, isGreengrassComponent, type GreengrassIpc } from '../common/greengrass-ipc.ts';
import { createLogger, type Logger, type LogLevel } from '../common/log.ts';
import { removeAbandonedBuffers } from '../common/shared-buffer.ts';
import { agentSink, CaptureSender } from './capture-sender.ts';
import { Capturer } from './capturer.ts';
import { classifyAll, type ImageCounts } from './classify-all.ts';
import { readConfiguration, type InferenceSettings } from './configuration.ts';
import { ConfigurationFollower } from './configuration-follower.ts';
import { imageSource } from './image-source.ts';
import { IpcLink } from './ipc-link.ts';
import { LiveSettings } from './live-settings.ts';
import { ModelConnection } from './model-connection.ts';
import { readClassifier, type Classifier } from './model-package.ts';
import { greengrassPublisher, stdoutPublisher, type Publisher } from './publisher.ts';
import { Sampler } from './sampler.ts';

export type RunOptions = {
  readonly environment: NodeJS.ProcessEnv;
  /** Settings by Greengrass key, as the command line gave them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly file?: string;
};

const ipcTimeoutMs = 10_000;
/** A nucleus has five seconds of patience with a component that stops. */
const lastCapturesMs = 2_000;

/**
 * The whole life of the component: configuration, credentials, model, images, and, on SIGTERM or SIGINT, the way back.
 *
 * @throws FescueError when it cannot start, or the agent refuses the model
 */
export async function runInference(options: RunOptions): Promise<void> {
  const stopping = stopSignal();
  const connect = (): Promise<GreengrassIpc> => connectGreengrassIpc({ timeoutMs: ipcTimeoutMs });
  const ipc = isGreengrassComponent(options.environment) ? await connect() : undefined;
  try {
    const initial = await readConfiguration({ ...options, ipc });
    const { settings, unknownKeys } = initial;
    const log = createLogger({ component: 'inference', level: settings.LogLevel as LogLevel, fd: settings.PublishTo === 'stdout' ? 2 : 1 });
    for (const key of unknownKeys) log.warn({ key }, 'configuration key is not known and has no effect');
    const link = ipc === undefined ? undefined : new IpcLink({ first: ipc, connect, log });
    const live = new LiveSettings({ initial, read: async () => readConfiguration({ ...options, ipc: await link?.connection() }), log });
    const follower = link === undefined ? undefined : new ConfigurationFollower({ link, log, onUpdate: () => live.update() });
    follower?.start();
    try {
      await runWith({ live, log, link, environment: options.environment, signal: stopping });
    } finally {
      await follower?.stop();
      await link?.close();
    }
    log.info('stopped');
  } finally {
    await ipc?.close();
  }
}

type Running = { live: LiveSettings; log: Logger; link: IpcLink | undefined; environment: NodeJS.ProcessEnv; signal: AbortSignal };

async function runWith({ live, log, link, environment, signal }: Running): Promise<void> {
  const credentials = new CredentialKeeper({ environment, log });
  await credentials.start();
  const settings = live.current;
  const classifier = await readClassifier(settings.ModelPath);
  const model = new ModelConnection({ settings, classifier, log, signal });
  try {
    await model.load();
    // Only now: a worker of the model that was loaded before may have had one attached.
    const abandoned = removeAbandonedBuffers();
    if (abandoned.length > 0) log.info({ segments: abandoned }, 'removed shared memory of a component that was killed');
    await link?.connection().then((connection) => connection.updateState('RUNNING'));
    await classifyImages({ live, log, link, classifier, model, signal });
  } catch (error) {
    // Stopped while it waited for something: not a failure.
    if (!signal.aborted) throw error;
  } finally {
    await model.close();
    credentials.stop();
  }
}

type Classifying = Pick<Running, 'live' | 'log' | 'link' | 'signal'> & { classifier: Classifier; model: ModelConnection };

async function classifyImages({ live, log, link, classifier, model, signal }: Classifying): Promise<void> {
  const settings = live.current;
  const sender = new CaptureSender({ sink: agentSink({ socketPath: settings.UnixSocketName, timeoutMs: settings.PredictTimeoutSeconds * 1000 }), log });
  const capturer = new Capturer({ sampler: new Sampler(), sender, log });
  const images = imageSource({ settings, log, signal });
  const publisher = (now: InferenceSettings): Publisher => publisherFor(now, link);
  let counts: ImageCounts;
  try {
    counts = await classifyAll({ images, settings: () => live.current, classifier, model, publisher, capturer, log, signal });
  } finally {
    await sender.finish(lastCapturesMs);
  }
  log.info({ ...counts, ...capturer.counts, refusals: sender.refusals }, 'stopping');
}

function publisherFor(settings: InferenceSettings, ipc: IpcLink | undefined): Publisher {
  if (settings.PublishTo === 'stdout' || ipc === undefined) return stdoutPublisher;
  return greengrassPublisher({ ipc, to: settings.PublishTo === 'local' ? 'local' : 'iot-core', topic: settings.PublishResultsOnTopic });
}

/** Aborted by the first SIGTERM or SIGINT. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => controller.abort());
  return controller.signal;
}
