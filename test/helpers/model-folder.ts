import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Identity } from '../../scripts/packaging/certificates.ts';
import { signManifest } from '../../scripts/packaging/sign.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { chainOf } from './signing.ts';

export const pairModel = identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]);

/** The manifest of a package whose model copies two numbers from `x` to `x_out`. */
export function pairManifest(changes: object = {}, files: Record<string, Uint8Array> = { 'model.onnx': pairModel }): object {
  const tensor = { dtype: 'FLOAT32', shape: [1, 2] };
  const listed = Object.entries(files).map(([name, content]) => [name, { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length }]);
  return {
    metadata: { model_name: 'pair', model_version: '1.0.0' },
    format: 'onnx',
    entry: 'model.onnx',
    files: Object.fromEntries(listed) as object,
    inputs: [{ name: 'x', ...tensor }],
    outputs: [{ name: 'x_out', ...tensor }],
    ...changes,
  };
}

/** Writes a package; `signedBy` is the signer, then the other certificates of the chain. */
export async function writePackage(folder: string, options: { manifest?: string; files?: Record<string, Uint8Array>; signedBy?: readonly Identity[] } = {}): Promise<void> {
  const files = options.files ?? { 'model.onnx': pairModel };
  const manifest = options.manifest ?? JSON.stringify(pairManifest({}, files));
  for (const [name, content] of Object.entries({ ...files, sagemaker_edge_manifest: Buffer.from(manifest) })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const [leaf] = options.signedBy ?? [];
  if (leaf === undefined) return;
  await writeFile(join(folder, 'sagemaker_edge_manifest.sig'), signManifest(Buffer.from(manifest), { keyPem: leaf.keyPem, chainPem: chainOf(...(options.signedBy ?? [])) }));
}
