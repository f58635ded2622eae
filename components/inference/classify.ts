import type { ModelConnection } from './model-connection.ts';
import type { Classifier } from './model-package.ts';
import { bestClasses } from './postprocess.ts';
import { preprocess } from './preprocess.ts';
import { resultMessage, type ResultMessage } from './result-message.ts';

/**
 * Classifies one image file: preprocess, agent, postprocess.
 *
 * @throws FescueError `invalid-argument` when the file is no image, else what `predict` throws
 */
export async function classifyImage(
  image: string,
  by: { classifier: Classifier; model: ModelConnection; threshold: number; maxResults: number },
): Promise<ResultMessage> {
  const { classifier, threshold, maxResults } = by;
  const started = performance.now();
  const input = await preprocess(image, classifier.input);
  const preprocessed = performance.now();
  const output = await by.model.predict(input);
  const predicted = performance.now();
  const classes = bestClasses(output, { activation: classifier.output.activation, labels: classifier.labels, threshold, maxResults });
  const timings = { preprocess: preprocessed - started, predict: predicted - preprocessed, total: performance.now() - started };
  return resultMessage({ image, classifier, classes, timings, threshold, maxResults, at: new Date() });
}
