import type { CaptureEntry, CaptureLine } from '../../components/common/capture-format.ts';
import type { Tensor, TensorSpec } from '../../components/common/tensor.ts';
import { preprocess, type ImageInput } from '../../components/inference/preprocess.ts';
import { readEntry, tensorOf, type EntrySource } from '../captures/entry-data.ts';
import { imageBytes, imageEntry } from './captured-image.ts';
import { matchInputs, type Match } from './match-tensors.ts';
import { orSkip, type Skip } from './skip.ts';

/** What a model's inputs are made of: captured tensors, or an image where they do not fit; or only one of these. */
export type From = 'auto' | 'tensor' | 'image';

export type InputRules = {
  readonly from: From;
  readonly inputs: readonly TensorSpec[];
  /** How the model's package makes a tensor of an image. */
  readonly image: ImageInput | undefined;
  /** Whether captured tensors were made of images in another way, so that they do not fit even if their shape does. */
  readonly preparedOtherwise: boolean;
};

/** What each input is made of, in the model's order. */
export type InputPlan = { readonly made: 'tensor' | 'image'; readonly parts: readonly Part[] };
type Part = { readonly spec: TensorSpec; readonly entry: CaptureEntry } | { readonly image: ImageInput; readonly entry: CaptureEntry };

/** Chooses what to run a model on for a capture, or says why there is nothing. */
export function chooseInputs(line: CaptureLine, { from, inputs, image, preparedOtherwise }: InputRules): InputPlan | Skip {
  const matches = matchInputs(inputs, line.deviceFleetInputs);
  const refused = from === 'auto' && preparedOtherwise ? image : undefined;
  const asTensors = planOf('tensor', matches.map((match) => (match.spec.name === refused?.name ? { spec: match.spec, problem: `input "${refused.name}" is prepared otherwise than the captured tensor` } : match)));
  if (from === 'tensor' || (from === 'auto' && 'parts' in asTensors)) return asTensors;
  const entry = imageEntry(line);
  if (image === undefined || entry === undefined) return from === 'image' ? { skip: 'no-image', detail: 'no JPEG, PNG or WebP among the auxiliary inputs' } : asTensors;
  return planOf('image', matches.map((match) => (match.spec.name === image.name ? { image, entry } : match)));
}

function planOf(made: InputPlan['made'], parts: readonly (Part | Match)[]): InputPlan | Skip {
  const problems = parts.flatMap((part) => ('problem' in part ? part.problem : []));
  if (problems.length > 0) return { skip: 'inputs-differ', detail: problems.join('; ') };
  return { made, parts: parts.filter((part) => 'entry' in part) };
}

/** The tensors of a plan, with the names of the model's inputs. @throws FescueError when the store cannot be read any more */
export async function readInputs({ parts }: InputPlan, source: EntrySource): Promise<readonly Tensor[] | Skip> {
  const tensors: Tensor[] = [];
  for (const part of parts) {
    const tensor =
      'image' in part
        ? await orSkip('image-unusable', async () => preprocess(await imageBytes(part.entry, source), part.image))
        : await orSkip('tensor-unreadable', async () => ({ ...tensorOf(part.entry, await readEntry(part.entry, source)), name: part.spec.name }));
    if ('skip' in tensor) return tensor;
    tensors.push(tensor);
  }
  return tensors;
}
