import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { Capturer } from './capturer.ts';
import { classifyImage } from './classify.ts';
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
  readonly log: Logger;
  readonly signal: AbortSignal;
};

export type ImageCounts = { readonly classified: number; readonly skipped: number; readonly unpublished: number };

/**
 * One image after the other. What goes wrong with one is logged and counted, and the next has its turn.
 *
 * @returns the images by what became of them
 */
export async function classifyAll({ images, settings, classifier, model, publisher, capturer, log, signal }: ClassifyAllOptions): Promise<ImageCounts> {
  const counts = { classified: 0, skipped: 0, unpublished: 0 };
  for await (const image of images) {
    const now = settings();
    const classification = await classifyImage(image, { classifier, model, threshold: now.ScoreThreshold, maxResults: now.MaxResults }).catch((error: unknown) => {
      // The end of all images, and no fault of this one.
      if (signal.aborted) return undefined;
      if (!(error instanceof FescueError)) throw error;
      counts.skipped += 1;
      log.error({ image, reason: messageOf(error), ...counts, ...capturer.counts }, 'image skipped');
      return undefined;
    });
    if (classification === undefined) continue;
    capturer.consider(classification, now);
    const { message } = classification;
    await publisher(now).publish(message).then(
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
  return counts;
}
