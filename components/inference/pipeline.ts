import type { IpcLink } from '../common/ipc-link.ts';
import type { Logger } from '../common/log.ts';
import { removeAbandonedBuffers } from '../common/shared-buffer.ts';
import type { Activity } from './activity.ts';
import { agentSink, CaptureSender } from './capture-sender.ts';
import { Capturer } from './capturer.ts';
import { classifyAll, type ImageCounts } from './classify-all.ts';
import type { InferenceSettings } from './configuration.ts';
import type { HandledImages } from './handled-images.ts';
import { imageSource } from './image-source.ts';
import { ModelConnection } from './model-connection.ts';
import { readClassifier, type Classifier } from './model-package.ts';
import { greengrassPublisher, stdoutPublisher, type Publisher } from './publisher.ts';
import { Sampler } from './sampler.ts';

export type PipelineOptions = {
  /** What holds for its whole life. */
  readonly settings: InferenceSettings;
  /** The settings in force, of which the live ones may differ by now. */
  readonly now: () => InferenceSettings;
  readonly handled: HandledImages;
  readonly activity: Activity;
  readonly link: IpcLink | undefined;
  readonly log: Logger;
  /** Called when the model is loaded. */
  readonly onReady: () => void;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Ends it when what runs is finished. */
  readonly renewal: AbortSignal;
};

/** For captures under way. A nucleus has five seconds of patience with a component that stops. */
const captureMs = { stop: 2_000, renewal: 10_000 };

/**
 * Model, images and captures, from the first to the last.
 *
 * @throws FescueError when the package cannot be used, or the agent refuses the model
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { settings, activity, log, signal, renewal } = options;
  const ending = AbortSignal.any([signal, renewal]);
  const classifier = await readClassifier(settings.ModelPath);
  const model = new ModelConnection({ settings, classifier, activity, log, signal, ending });
  try {
    await model.load();
    // Only now: a worker of the model that was loaded before may have had one attached.
    const abandoned = removeAbandonedBuffers();
    if (abandoned.length > 0) log.info({ segments: abandoned }, 'removed shared memory of a component that was killed');
    options.onReady();
    await classifyImages({ ...options, classifier, model, ending });
  } catch (error) {
    // It was to end while it waited for something: not a failure.
    if (!ending.aborted) throw error;
  } finally {
    await model.close();
  }
}

type Classifying = PipelineOptions & { readonly classifier: Classifier; readonly model: ModelConnection; readonly ending: AbortSignal };

async function classifyImages({ settings, now, handled, activity, link, log, signal, ending, classifier, model }: Classifying): Promise<void> {
  const sender = new CaptureSender({ sink: agentSink({ socketPath: settings.UnixSocketName, timeoutMs: settings.PredictTimeoutSeconds * 1000 }), log });
  const capturer = new Capturer({ sampler: new Sampler(), sender, log });
  const images = imageSource({ settings, handled, activity, log, signal: ending });
  const publisher = (current: InferenceSettings): Publisher => publisherFor(current, link);
  let counts: ImageCounts;
  try {
    counts = await classifyAll({ images, settings: now, classifier, model, publisher, capturer, activity, log, ending });
  } finally {
    await sender.finish(signal.aborted ? captureMs.stop : captureMs.renewal);
  }
  log.info({ ...counts, ...capturer.counts, refusals: sender.refusals }, signal.aborted ? 'stopping' : 'the images under way are done');
}

function publisherFor(settings: InferenceSettings, ipc: IpcLink | undefined): Publisher {
  if (settings.PublishTo === 'stdout' || ipc === undefined) return stdoutPublisher;
  return greengrassPublisher({ ipc, to: settings.PublishTo === 'local' ? 'local' : 'iot-core', topic: settings.PublishResultsOnTopic });
}
