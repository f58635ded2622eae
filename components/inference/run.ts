import { CredentialKeeper } from '../common/credentials.ts';
import { FescueError, messageOf } from '../common/errors.ts';
import { connectGreengrassIpc, isGreengrassComponent, type GreengrassIpc } from '../common/greengrass-ipc.ts';
import { createLogger, type Logger, type LogLevel } from '../common/log.ts';
import { removeAbandonedBuffers } from '../common/shared-buffer.ts';
import { classifyImage } from './classify.ts';
import { readConfiguration, type InferenceSettings } from './configuration.ts';
import { imageSource } from './image-source.ts';
import { ModelConnection } from './model-connection.ts';
import { readClassifier, type Classifier } from './model-package.ts';
import { greengrassPublisher, IpcLink, stdoutPublisher, type Publisher } from './publisher.ts';

export type RunOptions = {
  readonly environment: NodeJS.ProcessEnv;
  /** Settings by Greengrass key, as the command line gave them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly file?: string;
};

const ipcTimeoutMs = 10_000;

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
    const { settings, unknownKeys } = await readConfiguration({ ...options, ipc });
    const log = createLogger({ component: 'inference', level: settings.LogLevel as LogLevel, fd: settings.PublishTo === 'stdout' ? 2 : 1 });
    for (const key of unknownKeys) log.warn({ key }, 'configuration key is not known and has no effect');
    const link = ipc === undefined ? undefined : new IpcLink({ first: ipc, connect, log });
    try {
      await runWith({ settings, log, link, environment: options.environment, signal: stopping });
    } finally {
      await link?.close();
    }
    log.info('stopped');
  } finally {
    await ipc?.close();
  }
}

type Running = { settings: InferenceSettings; log: Logger; link: IpcLink | undefined; environment: NodeJS.ProcessEnv; signal: AbortSignal };

async function runWith({ settings, log, link, environment, signal }: Running): Promise<void> {
  const credentials = new CredentialKeeper({ environment, log });
  await credentials.start();
  const classifier = await readClassifier(settings.ModelPath);
  const model = new ModelConnection({ settings, classifier, log, signal });
  try {
    await model.load();
    // Only now: a worker of the model that was loaded before may have had one attached.
    const abandoned = removeAbandonedBuffers();
    if (abandoned.length > 0) log.info({ segments: abandoned }, 'removed shared memory of a component that was killed');
    await link?.connection().then((connection) => connection.updateState('RUNNING'));
    await classifyAll({ settings, log, classifier, model, publisher: publisherFor(settings, link), signal });
  } catch (error) {
    // Stopped while it waited for something: not a failure.
    if (!signal.aborted) throw error;
  } finally {
    await model.close();
    credentials.stop();
  }
}

function publisherFor(settings: InferenceSettings, ipc: IpcLink | undefined): Publisher {
  if (settings.PublishTo === 'stdout' || ipc === undefined) return stdoutPublisher;
  return greengrassPublisher({ ipc, to: settings.PublishTo === 'local' ? 'local' : 'iot-core', topic: settings.PublishResultsOnTopic });
}

type Classifying = { settings: InferenceSettings; log: Logger; classifier: Classifier; model: ModelConnection; publisher: Publisher; signal: AbortSignal };

/** One image after the other. What goes wrong with one is logged and counted, and the next has its turn. */
async function classifyAll({ settings, log, classifier, model, publisher, signal }: Classifying): Promise<void> {
  const counts = { classified: 0, skipped: 0, unpublished: 0 };
  for await (const image of imageSource({ settings, log, signal })) {
    const message = await classifyImage(image, { classifier, model, threshold: settings.ScoreThreshold, maxResults: settings.MaxResults }).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof FescueError)) throw error;
      counts.skipped += 1;
      log.error({ image, reason: messageOf(error), ...counts }, 'image skipped');
      return undefined;
    });
    if (message === undefined) continue;
    await publisher.publish(message).then(
      () => {
        counts.classified += 1;
        log.info({ image, results: message['inference-results'], timingsMs: message['timings-ms'], ...counts }, 'image classified');
      },
      (error: unknown) => {
        counts.unpublished += 1;
        log.error({ image, results: message['inference-results'], reason: messageOf(error), ...counts }, 'result could not be published');
      },
    );
  }
  log.info(counts, 'stopping');
}

/** Aborted by the first SIGTERM or SIGINT. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => controller.abort());
  return controller.signal;
}
