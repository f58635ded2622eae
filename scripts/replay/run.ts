import { FescueError } from '../../components/common/errors.ts';
import { productVersion } from '../../components/common/version.ts';
import type { CaptureStore, FoundCapture } from '../captures/capture-store.ts';
import { findCaptures } from '../captures/find-captures.ts';
import type { CaptureFilter } from '../captures/layout.ts';
import { imageBytes, imageEntry } from './captured-image.ts';
import type { From, InputRules } from './choose-inputs.ts';
import { describeModel, type Description } from './description.ts';
import { inOrder } from './in-order.ts';
import { pictureOfImage, pictureOfTensor, type Picture } from './picture.ts';
import { replayCapture, type Replayed, type ReplayWith } from './replay-capture.ts';
import { withReplayModel, type ReplayModel, type Via } from './replay-model.ts';
import type { ModelReport, Report } from './report.ts';
import { orSkip } from './skip.ts';
import { checkGoesOn, stoppable } from './stoppable.ts';
import { Tally, whereOf } from './tally.ts';
import { Readings, type Reading } from './top-one.ts';
import type { PicturedChange } from './top-one-tally.ts';

/** Captures that are prepared while the model runs on another. */
const atOnce = 3;

export type ReplayRequest = {
  readonly store: CaptureStore;
  readonly filter: CaptureFilter;
  /** Captures that are looked at, at most. */
  readonly limit: number;
  /** Package folder or `.onnx` file of the model to run. */
  readonly model: string;
  /** The same of the model that was captured, where its labels, scores or images are others. */
  readonly capturedWith: string | undefined;
  readonly from: From;
  readonly via: Via;
  readonly intraOpThreads: number;
  /** Changed captures in the report. */
  readonly mostChanges: number;
  /** Changed captures to be given with a picture. */
  readonly mostPictures: number;
  readonly signal: AbortSignal;
};

export type ReplayResult = { readonly report: Report; readonly pictured: readonly PicturedChange[] };

type Counted = { readonly compared: number; readonly skipped: number };

/**
 * Runs a model on the inputs of captures and compares its outputs with the captured ones.
 *
 * @throws FescueError when the model is refused or goes away, the store cannot be read, or `cancelled`
 */
export async function replay(request: ReplayRequest, onProgress: (counted: Counted) => void): Promise<ReplayResult> {
  const description = await describeModel(request.model);
  const captured = request.capturedWith === undefined ? undefined : await describeModel(request.capturedWith);
  if (request.from === 'image' && description.classifier === undefined) throw new FescueError('invalid-argument', `${request.model} does not tell how to prepare an image. For --from image name the package of an image classifier.`);
  const tally = await withReplayModel({ ...request, path: request.model }, async (model) => replayAll(request, { model, description, captured }, onProgress));
  const report: Report = {
    fescue: productVersion,
    location: request.store.name,
    model: modelReport(request.model, description),
    capturedWith: request.capturedWith === undefined || captured === undefined ? null : modelReport(request.capturedWith, captured),
    via: request.via === 'in-process' ? 'in-process' : 'agent',
    ...tally.findings(request.mostChanges),
    notes: notesOf(tally, request, description),
  };
  return { report, pictured: tally.changes.slice(0, request.mostPictures) };
}

type Subject = { readonly model: ReplayModel; readonly description: Description; readonly captured: Description | undefined };

async function replayAll(request: ReplayRequest, subject: Subject, onProgress: (counted: Counted) => void): Promise<Tally> {
  const { signal, filter, limit, mostChanges, mostPictures } = request;
  const store = stoppable(request.store, signal);
  const { outputs } = subject.model.tensors;
  const { classifier } = subject.description;
  const tally = new Tally({ outputs, ranked: classifier?.output.name ?? outputs[0]?.name, readings: readingsOf(subject), mostChanges: Math.max(mostChanges, mostPictures) });
  const found = findCaptures(store, { filter, onProblem: ({ key, lineNumber, reason }) => tally.skip({ id: null, key, line: lineNumber ?? null }, { skip: 'unreadable', detail: reason }) });
  const by: ReplayWith = { model: subject.model, store, rules: rulesOf(request, subject) };
  for await (const { capture, outcome } of inOrder(firstOf(found, limit), atOnce, async (capture) => ({ capture, outcome: await replayCapture(capture, by) }))) {
    checkGoesOn(signal);
    if ('skip' in outcome) tally.skip(whereOf(capture), outcome);
    else await tally.add(capture, outcome, async () => (mostPictures === 0 ? undefined : pictureOf(capture, outcome, store)));
    onProgress(tally);
  }
  checkGoesOn(signal);
  return tally;
}

async function* firstOf(found: AsyncIterable<FoundCapture>, limit: number): AsyncGenerator<FoundCapture> {
  let left = limit;
  for await (const capture of found) {
    yield capture;
    left -= 1;
    if (left <= 0) return;
  }
}

function rulesOf({ from }: ReplayRequest, { model, description, captured }: Subject): InputRules {
  const [image, before] = [description.classifier?.input, captured?.classifier?.input];
  const preparedOtherwise = image !== undefined && before !== undefined && JSON.stringify(image.image) !== JSON.stringify(before.image);
  return { from, inputs: model.tensors.inputs, image, preparedOtherwise };
}

function readingsOf({ description, captured = description }: Subject): Readings {
  const readingOf = ({ classifier }: Description): Reading => ({ activation: classifier?.output.activation ?? 'none', labels: classifier?.labels ?? [] });
  return new Readings({ now: readingOf(description), captured: readingOf(captured) });
}

/** The captured image, or the first input tensor that looks like one. */
async function pictureOf({ line, key }: FoundCapture, { inputs }: Replayed, store: CaptureStore): Promise<Picture | undefined> {
  const entry = imageEntry(line);
  const bytes = entry === undefined ? undefined : await orSkip('image-unusable', async () => imageBytes(entry, { store, key }));
  const picture = Buffer.isBuffer(bytes) ? await pictureOfImage(bytes) : undefined;
  if (picture !== undefined) return picture;
  for (const tensor of inputs) {
    const rendered = await pictureOfTensor(tensor);
    if (rendered !== undefined) return rendered;
  }
  return undefined;
}

function modelReport(path: string, { name, version }: Description): ModelReport {
  return { path, name, version };
}

function notesOf({ unusedImages }: Tally, { from, capturedWith }: ReplayRequest, { classifier }: Description): string[] {
  if (unusedImages === 0 || from !== 'auto' || capturedWith !== undefined || classifier === undefined) return [];
  return [`${unusedImages} captures carry their image, but were run on their tensor because its type and shape fit. If the two models prepare images in different ways, name the package of the captured one with --captured-with, or use --from image.`];
}
