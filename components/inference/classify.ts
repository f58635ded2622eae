import type { Tensor } from '../common/tensor.ts';
import type { ModelConnection } from './model-connection.ts';
import type { Classifier } from './model-package.ts';
import { bestClasses, classScores, topClass, type ClassScore } from './postprocess.ts';
import { preprocess } from './preprocess.ts';
import { resultMessage, type ResultMessage } from './result-message.ts';

/** An image, what was made of it, and by what. */
export type Classification = {
  /** Path of its file. */
  readonly image: string;
  readonly at: Date;
  readonly message: ResultMessage;
  /** The best class, also when it is not good enough for the message. */
  readonly top: ClassScore | undefined;
  readonly input: Tensor;
  readonly outputs: readonly Tensor[];
};

/**
 * Classifies one image file: preprocess, agent, postprocess.
 *
 * @throws FescueError `invalid-argument` when the file is no image, else what `predict` throws
 */
export async function classifyImage(
  image: string,
  by: { classifier: Classifier; model: Pick<ModelConnection, 'predict'>; threshold: number; maxResults: number },
): Promise<Classification> {
  const { classifier, threshold, maxResults } = by;
  const started = performance.now();
  const input = await preprocess(image, classifier.input);
  const preprocessed = performance.now();
  const { output, outputs } = await by.model.predict(input);
  const predicted = performance.now();
  const scores = classScores(output, { activation: classifier.output.activation, labels: classifier.labels });
  const classes = bestClasses(scores, { threshold, maxResults });
  const timings = { preprocess: preprocessed - started, predict: predicted - preprocessed, total: performance.now() - started };
  const at = new Date();
  const message = resultMessage({ image, classifier, classes, timings, threshold, maxResults, at });
  return { image, at, message, top: topClass(scores), input, outputs };
}
