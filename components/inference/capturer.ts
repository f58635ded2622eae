import type { Capture } from '../common/agent-client.ts';
import { messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { readRegularFile } from '../common/regular-file.ts';
import { captureOf } from './capture.ts';
import type { CaptureSender } from './capture-sender.ts';
import type { Classification } from './classify.ts';
import type { InferenceSettings } from './configuration.ts';
import type { Policies, Sampler } from './sampler.ts';

export type CaptureSettings = Policies & Pick<InferenceSettings, 'ModelName' | 'CaptureImage' | 'CapturePriority'>;

/** Together with the tensors, far below what the agent takes in a message by default. */
const largestImageBytes = 16 * 1024 * 1024;

/** Captures the classified images that the policies pick. */
export class Capturer {
  readonly #sampler: Pick<Sampler, 'picks'>;
  readonly #sender: CaptureSender;
  readonly #log: Logger;
  #withoutImage = 0;

  constructor(options: { sampler: Pick<Sampler, 'picks'>; sender: CaptureSender; log: Logger }) {
    this.#sampler = options.sampler;
    this.#sender = options.sender;
    this.#log = options.log;
  }

  /** For the log: captures so far by what became of them. */
  get counts(): Readonly<Record<string, number>> {
    return { ...this.#sender.counts, capturesWithoutImage: this.#withoutImage };
  }

  /** Has its turn with each classified image, in their order; returns at once. */
  consider(classification: Classification, settings: CaptureSettings): void {
    if (this.#sampler.picks(classification.top, settings)) this.#sender.send(async () => this.#prepare(classification, settings));
  }

  async #prepare(classification: Classification, { ModelName: model, CapturePriority: priority, CaptureImage }: CaptureSettings): Promise<Capture> {
    const file = CaptureImage ? await this.#read(classification.image) : undefined;
    return captureOf({ classification, model, priority, file });
  }

  /** The image file, unless it is too large or gone by now. */
  async #read(image: string): Promise<Buffer | undefined> {
    try {
      return await readRegularFile(image, largestImageBytes);
    } catch (error) {
      if (this.#withoutImage === 0) this.#log.warn({ image, reason: messageOf(error) }, 'an image was left out of its capture; further ones are only counted');
      this.#withoutImage += 1;
      return undefined;
    }
  }
}
