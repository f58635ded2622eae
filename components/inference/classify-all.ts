import { FescueError, messageOf, type ErrorKind } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { Activity } from './activity.ts';
import type { Capturer } from './capturer.ts';
import { classifyImage, type Classification } from './classify.ts';
import type { InferenceSettings } from './configuration.ts';
import type { ModelConnection } from './model-connection.ts';
import type { Classifier } from './model-package.ts';
import type { Publisher } from './publisher.ts';

export type ClassifyAllOptions = {
  /** Paths of the images; their end is the end. */
  readonly images: AsyncIterable<string>;
  /** The settings in force, asked for each image. */
  readonly settings: () => InferenceSettings;
  readonly classifier: Classifier;
  readonly model: Pick<ModelConnection, 'predict'>;
  readonly publisher: (settings: InferenceSettings) => Publisher;
  readonly capturer: Capturer;
  readonly activity: Activity;
  readonly log: Logger;
  /** Ends everything, or only the waiting for the agent: an image that comes to nothing then is the last, and not handled. */
  readonly ending: AbortSignal;
};

export type ImageCounts = { readonly classified: number; readonly skipped: number; readonly unpublished: number };

/** How an image ends that the agent could not be asked about. */
const unanswered: ReadonlySet<ErrorKind> = new Set(['unavailable', 'not-found', 'cancelled']);

/**
 * One image after the other. What goes wrong with one is logged and counted, and the next has its turn.
 *
 * @returns the images by what became of them
 */
export async function classifyAll(options: ClassifyAllOptions): Promise<ImageCounts> {
  const { images, settings, classifier, model, capturer, activity, log, ending } = options;
  const counts = { classified: 0, skipped: 0, unpublished: 0 };
  for await (const image of images) {
    const now = settings();
    activity.classifying = true;
    try {
      const classification = await classifyImage(image, { classifier, model, threshold: now.ScoreThreshold, maxResults: now.MaxResults });
      capturer.consider(classification, now);
      await publish(classification, now, { ...options, counts });
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      if (ending.aborted && unanswered.has(error.kind)) break;
      counts.skipped += 1;
      log.error({ image, reason: messageOf(error), ...counts, ...capturer.counts }, 'image skipped');
    } finally {
      activity.classifying = false;
    }
  }
  return counts;
}

type Publishing = Pick<ClassifyAllOptions, 'publisher' | 'capturer' | 'log'> & { readonly counts: { classified: number; unpublished: number } };

async function publish({ image, message }: Classification, settings: InferenceSettings, { publisher, capturer, log, counts }: Publishing): Promise<void> {
  await publisher(settings).publish(message).then(
    () => {
      counts.classified += 1;
      log.info({ image, results: message['inference-results'], timingsMs: message['timings-ms'], ...counts, ...capturer.counts }, 'image classified');
    },
    (error: unknown) => {
      counts.unpublished += 1;
      log.error({ image, results: message['inference-results'], reason: messageOf(error), ...counts, ...capturer.counts }, 'result could not be published');
    },
  );
}
