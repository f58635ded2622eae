import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';
import { elementArrayOf } from '../../components/common/tensor-elements.ts';
import type { Tensor } from '../../components/common/tensor.ts';
import type { FoundCapture } from './capture-store.ts';
import { readEntry, tensorOf } from './entry-data.ts';
import { lineWriter, type Exporter, type ExporterOptions } from './exporter.ts';
import { captureName, extensionOf } from './safe-name.ts';
import { statisticsOf } from './statistics.ts';

const imageWords = ['jpg', 'jpeg', 'png', 'webp', 'bmp', 'gif', 'tif', 'tiff'];

/**
 * `manifest.jsonl`: an augmented manifest of classified images. An image that is no object in S3 is written to `images/`.
 *
 * @param options.labels names of the classes by index
 */
export async function manifestExporter({ store, folder, labels }: ExporterOptions & { readonly labels: readonly string[] }): Promise<Exporter> {
  const write = await lineWriter(join(folder, 'manifest.jsonl'));
  return {
    add: async (found) => {
      const { line, key } = found;
      const [output] = line.deviceFleetOutputs;
      if (output === undefined) throw new FescueError('invalid-argument', 'It has no output that could name a class.');
      const best = bestClass(tensorOf(output, await readEntry(output, { store, key })));
      const { modelName: model, modelVersion: version, inferenceTime, eventId } = line.eventMetadata;
      const metadata = {
        'class-name': labels[best.index] ?? String(best.index),
        confidence: best.confidence,
        type: 'groundtruth/image-classification',
        'human-annotated': 'no',
        'creation-date': inferenceTime,
        'job-name': [model, version].filter((part) => part !== '').join('-'),
        'capture-id': eventId,
      };
      await write(`${JSON.stringify({ [model]: best.index, [`${model}-metadata`]: metadata, 'source-ref': await imageOf(found, { store, folder }) })}\n`);
    },
  };
}

/** Where the image is: in S3, or in the folder, to which it is written. */
async function imageOf(found: FoundCapture, { store, folder }: ExporterOptions): Promise<string> {
  const image = found.line.deviceFleetAuxiliaryInputs.find((entry) => imageWords.includes(extensionOf(entry)));
  if (image === undefined) throw new FescueError('invalid-argument', `It has no image: none of its auxiliary inputs has one of the content types ${imageWords.join(', ')}.`);
  if (image.data === undefined && image['data-ref']?.startsWith('s3://') === true) return image['data-ref'];
  const bytes = await readEntry(image, { store, key: found.key });
  const path = `images/${captureName(found)}.${extensionOf(image)}`;
  await mkdir(join(folder, 'images'), { recursive: true });
  await writeFile(join(folder, path), bytes);
  return path;
}

/** The largest element. What is not scores from 0 to 1 is taken for logits, whose softmax is the confidence. */
function bestClass(output: Tensor): { readonly index: number; readonly confidence: number } {
  const { top, min, max } = statisticsOf(output);
  if (top === -1) throw new FescueError('invalid-argument', `Output "${output.name}" has no finite element, so that it names no class.`);
  if (min >= 0 && max <= 1) return { index: top, confidence: max };
  let sum = 0;
  for (const element of elementArrayOf(output)) sum += Math.exp(Number(element) - max);
  return { index: top, confidence: 1 / sum };
}
