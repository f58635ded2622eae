import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { AuxiliaryInput, Capture, PredictInput } from '../common/agent-client.ts';
import { priorityName } from '../common/capture-format.ts';
import type { Tensor } from '../common/tensor.ts';
import type { Classification } from './classify.ts';

/**
 * What is handed over for a classified image: the input tensor, every output, and what goes along.
 *
 * @param options.model alias of the model
 * @param options.file content of the image file, if it goes along
 */
export function captureOf(options: { classification: Classification; model: string; priority: string; file: Uint8Array | undefined }): Capture {
  const { model, priority, file } = options;
  const { image, at, input, outputs } = options.classification;
  const auxiliaryInputs: AuxiliaryInput[] = [];
  if (file !== undefined) auxiliaryInputs.push({ name: basename(image), encoding: 'NONE', bytes: file });
  if (priority !== '') auxiliaryInputs.push({ name: priorityName, encoding: 'NONE', bytes: Buffer.from(priority) });
  return { model, id: captureId(model, at), at, inputs: [inputOf(input)], outputs: outputs.map(inputOf), auxiliaryInputs };
}

/** `efficientnet-lite0-20260301T120000123Z-1a2b3c4d` */
function captureId(model: string, at: Date): string {
  return `${model}-${at.toISOString().replaceAll(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`;
}

function inputOf({ bytes, ...metadata }: Tensor): PredictInput {
  return { bytes, metadata };
}
