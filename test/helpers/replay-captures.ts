import { createHash } from 'node:crypto';
import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tensorContentType, type CaptureEntry } from '../../components/common/capture-format.ts';
import { manifestFileName } from '../../components/common/model-manifest.ts';
import type { Tensor } from '../../components/common/tensor.ts';
import { withSessionProgram } from '../../scripts/replay/session-program.ts';
import { captureKey, captureLineOf, embeddedTensor, linesText, put, referredEntry } from './capture-files.ts';

/** What was captured of one call; the image is a path. */
export type Captured = { id: string; at?: string; model?: string; inputs: readonly Tensor[]; outputs: readonly Tensor[]; image?: string };

/** As an agent does it, larger data is an object of its own. */
const largestEmbedded = 3072;

export function float32Tensor(name: string, values: readonly number[], shape: readonly number[] = [1, values.length]): Tensor {
  return { name, dtype: 'FLOAT32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** Writes captures of one model as one object, with the data of larger tensors and of images beside it. @returns the object's path */
export async function writeCaptures(root: string, captures: readonly Captured[], name = 'one'): Promise<string> {
  const [first] = captures;
  const key = captureKey({ name, ...(first?.model === undefined ? {} : { model: first.model }) });
  const lines = [];
  for (const { id, at, model, inputs, outputs, image } of captures) {
    const entries = async (tensors: readonly Tensor[], mode: CaptureEntry['mode']): Promise<CaptureEntry[]> => Promise.all(tensors.map(async (tensor) => entryOf(root, join(dirname(key), `raw-data/${mode}-tensors/${id}-${tensor.name}`), { tensor, mode })));
    const auxiliaryInputs = image === undefined ? [] : [referredEntry({ name: 'photo', contentType: 'jpg', reference: `file://${join(root, dirname(key), `raw-data/${id}.jpg`)}` })];
    if (image !== undefined) await putImage(root, join(dirname(key), `raw-data/${id}.jpg`), image);
    lines.push(captureLineOf({ id, ...(at === undefined ? {} : { at }), ...(model === undefined ? {} : { model }), inputs: await entries(inputs, 'Input'), outputs: await entries(outputs, 'Output'), auxiliaryInputs }));
  }
  return put(root, key, linesText(lines));
}

async function entryOf(root: string, key: string, { tensor, mode }: { tensor: Tensor; mode: CaptureEntry['mode'] }): Promise<CaptureEntry> {
  if (tensor.bytes.length <= largestEmbedded) return embeddedTensor(tensor, mode);
  return referredEntry({ name: tensor.name, contentType: tensorContentType(tensor), reference: `file://${await put(root, key, tensor.bytes)}`, mode });
}

async function putImage(root: string, key: string, image: string): Promise<void> {
  await copyFile(image, await put(root, key, ''));
}

/** Runs a model on each of the inputs, as one captures them. */
export async function captureAll(path: string, all: readonly Tensor[][], idOf = (index: number): string => `capture-${index}`): Promise<Captured[]> {
  return withSessionProgram({ path, intraOpThreads: 1, signal: new AbortController().signal }, async (model) => {
    const captures: Captured[] = [];
    for (const [index, inputs] of all.entries()) captures.push({ id: idOf(index), inputs, outputs: await model.run(inputs) });
    return captures;
  });
}

type EditableManifest = { metadata: { model_version: string }; labels: string; files: Record<string, { sha256: string; bytes: number }>; inputs: [{ image: Record<string, unknown> }] };

/** A copy of a package with another manifest, and, if given, other labels. */
export async function changedPackage(from: string, to: string, change: (manifest: EditableManifest) => void, labels?: (old: string[]) => string[]): Promise<string> {
  await cp(from, to, { recursive: true });
  const manifest = JSON.parse(await readFile(join(from, manifestFileName), 'utf8')) as EditableManifest;
  change(manifest);
  if (labels !== undefined) {
    const text = `${labels((await readFile(join(from, manifest.labels), 'utf8')).trimEnd().split('\n')).join('\n')}\n`;
    await writeFile(join(to, manifest.labels), text);
    manifest.files[manifest.labels] = { sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text) };
  }
  await writeFile(join(to, manifestFileName), JSON.stringify(manifest));
  return to;
}
