import type { Classifier } from './model-package.ts';
import type { ClassScore } from './postprocess.ts';

/** Milliseconds spent on an image; `total` also holds what lies between the two. */
export type Timings = { readonly preprocess: number; readonly predict: number; readonly total: number };

/** What is published for an image: the keys of AWS's sample component, then ours. */
export type ResultMessage = {
  readonly timestamp: string;
  readonly 'inference-type': 'image-classification';
  readonly 'inference-description': string;
  readonly 'inference-results': readonly { readonly Label: string; readonly Score: number }[];
  readonly image: string;
  readonly model: string;
  readonly 'model-version': string;
  readonly 'timings-ms': Timings;
};

export function resultMessage(result: {
  image: string;
  classifier: Pick<Classifier, 'name' | 'version'>;
  classes: readonly ClassScore[];
  timings: Timings;
  threshold: number;
  maxResults: number;
  at: Date;
}): ResultMessage {
  const { timings } = result;
  return {
    timestamp: result.at.toISOString(),
    'inference-type': 'image-classification',
    'inference-description': `Top ${result.maxResults} predictions with score ${result.threshold} or above`,
    'inference-results': result.classes.map(({ label, score }) => ({ Label: label, Score: round(score, 4) })),
    image: result.image,
    model: result.classifier.name,
    'model-version': result.classifier.version,
    'timings-ms': { preprocess: round(timings.preprocess, 2), predict: round(timings.predict, 2), total: round(timings.total, 2) },
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
