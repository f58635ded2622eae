import type { TensorSpec } from '../../components/common/tensor.ts';
import type { FoundCapture } from '../captures/capture-store.ts';
import { Counts } from './counts.ts';
import { OutputTally } from './output-tally.ts';
import type { Picture } from './picture.ts';
import type { Replayed } from './replay-capture.ts';
import type { Findings, Where } from './report.ts';
import type { Skip, SkipReason } from './skip.ts';
import { TopOneTally, type PicturedChange, type TopOneOptions } from './top-one-tally.ts';

const mostExamples = 5;
const longestText = 300;
const mostModels = 20;

export type TallyOptions = TopOneOptions & {
  readonly outputs: readonly TensorSpec[];
  /** Name of the output whose best class is compared. */
  readonly ranked: string | undefined;
};

/** Adds up what comes of the captures. What it keeps does not grow with their number. */
export class Tally {
  readonly #ranked: string | undefined;
  readonly #topOne: TopOneTally;
  readonly #outputs: ReadonlyMap<string, OutputTally>;
  readonly #skips = new Counts<SkipReason, Where & { readonly detail: string }>(mostExamples);
  readonly #models = new Counts<{ readonly name: string; readonly version: string }>();
  readonly #made = { tensor: 0, image: 0 };
  #unusedImages = 0;

  constructor({ outputs, ranked, ...topOne }: TallyOptions) {
    this.#ranked = ranked;
    this.#topOne = new TopOneTally(topOne);
    this.#outputs = new Map(outputs.map(({ name }) => [name, new OutputTally(name)]));
  }

  skip(where: Where, { skip, detail }: Skip): void {
    this.#skips.add(skip, () => ({ ...where, detail: detail.slice(0, longestText) }));
  }

  /** @param picture asked for when it is to be shown */
  async add(found: FoundCapture, { made, hasImage, outputs }: Replayed, picture: () => Promise<Picture | undefined>): Promise<void> {
    const where = whereOf(found);
    const { modelName: name, modelVersion: version } = found.line.eventMetadata;
    this.#models.add({ name: name.slice(0, longestText), version: version.slice(0, longestText) });
    this.#made[made] += 1;
    if (hasImage && made === 'tensor') this.#unusedImages += 1;
    for (const pair of outputs) {
      this.#outputs.get(pair.name)?.add(pair, where);
      if (pair.name === this.#ranked) await this.#topOne.add(pair, { ...where, made }, picture);
    }
  }

  get compared(): number {
    return this.#made.tensor + this.#made.image;
  }

  get skipped(): number {
    return this.#skips.total;
  }

  /** Captures that carry an image, though the model was run on their tensors. */
  get unusedImages(): number {
    return this.#unusedImages;
  }

  get changes(): readonly PicturedChange[] {
    return this.#topOne.changes;
  }

  findings(mostChanges: number): Findings {
    const { compared, skipped } = this;
    return {
      captures: { found: compared + skipped, compared, skipped, fromTensor: this.#made.tensor, fromImage: this.#made.image },
      capturedModels: this.#models.entries.slice(0, mostModels).map(({ key, count }) => ({ ...key, count })),
      skipped: this.#skips.entries.map(({ key: reason, count, examples }) => ({ reason, count, examples })),
      topOne: this.#ranked === undefined ? null : this.#topOne.reportOf(this.#ranked, mostChanges),
      outputs: [...this.#outputs.values()].map(({ report }) => report),
      mismatches: [...this.#outputs.values()].flatMap(({ mismatches }) => mismatches),
    };
  }
}

/** Ids and keys are whatever was captured, so they are cut where they are long. */
export function whereOf({ line, key, lineNumber }: FoundCapture): Where {
  return { id: line.eventMetadata.eventId.slice(0, longestText), key: key.slice(0, longestText), line: lineNumber };
}
