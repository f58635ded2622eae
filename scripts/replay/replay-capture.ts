import type { CaptureLine } from '../../components/common/capture-format.ts';
import type { Tensor } from '../../components/common/tensor.ts';
import type { CaptureStore, FoundCapture } from '../captures/capture-store.ts';
import { readEntry, tensorOf, type EntrySource } from '../captures/entry-data.ts';
import { imageEntry } from './captured-image.ts';
import { chooseInputs, readInputs, type InputRules } from './choose-inputs.ts';
import { matchOutputs } from './match-tensors.ts';
import type { ReplayModel } from './replay-model.ts';
import { orSkip, type Skip } from './skip.ts';

/** An output of the model as it was captured and as it is now. */
export type OutputPair = { readonly name: string; readonly captured: Tensor; readonly now: Tensor };

/** A capture that a model was run on. */
export type Replayed = { readonly made: 'tensor' | 'image'; readonly hasImage: boolean; readonly inputs: readonly Tensor[]; readonly outputs: readonly OutputPair[] };

export type ReplayWith = { readonly model: ReplayModel; readonly store: CaptureStore; readonly rules: InputRules };

/**
 * Runs a model on what one was run on when it was captured.
 *
 * @throws FescueError when the model is gone, or the store cannot be read any more
 */
export async function replayCapture({ line, key }: FoundCapture, { model, store, rules }: ReplayWith): Promise<Replayed | Skip> {
  const source = { store, key };
  const plan = chooseInputs(line, rules);
  if ('skip' in plan) return plan;
  const captured = await readOutputs(line, model, source);
  if ('skip' in captured) return captured;
  const inputs = await readInputs(plan, source);
  if ('skip' in inputs) return inputs;
  const outputs = await orSkip('model-failed', async () => model.run(inputs));
  if ('skip' in outputs) return outputs;
  const pairs = model.tensors.outputs.flatMap((spec, index) => pairOf(spec.name, captured[index], outputs[index]));
  return { made: plan.made, hasImage: imageEntry(line) !== undefined, inputs, outputs: pairs };
}

/** The captured tensor of each of the model's outputs that has one. */
async function readOutputs({ deviceFleetOutputs: entries }: CaptureLine, { tensors }: ReplayModel, source: EntrySource): Promise<readonly (Tensor | undefined)[] | Skip> {
  if (entries.length === 0) return { skip: 'no-outputs', detail: 'it has no output tensors' };
  const matched = matchOutputs(tensors.outputs, entries);
  if (matched.every((entry) => entry === undefined)) return { skip: 'outputs-differ', detail: `the model gives ${namesOf(tensors.outputs)}, captured are ${namesOf(entries)}` };
  return orSkip('tensor-unreadable', async () => Promise.all(matched.map(async (entry) => (entry === undefined ? undefined : tensorOf(entry, await readEntry(entry, source))))));
}

function pairOf(name: string, captured: Tensor | undefined, now: Tensor | undefined): OutputPair[] {
  return captured === undefined || now === undefined ? [] : [{ name, captured, now }];
}

function namesOf(tensors: readonly { readonly name: string }[]): string {
  return tensors.map(({ name }) => `"${name.slice(0, 100)}"`).join(', ').slice(0, 500);
}
