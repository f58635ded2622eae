import { createHash, X509Certificate } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, normalize, relative, sep } from 'node:path';
import { FescueError, hasCode, messageOf } from '../common/errors.ts';
import { manifestFileName, parseManifest, type ModelManifest } from '../common/model-manifest.ts';
import { openRegularFile, readRegularFile } from '../common/regular-file.ts';
import { describeTensor, type TensorSpec } from '../common/tensor.ts';
import { stampFiles, type FileStamps } from './file-stamps.ts';
import { signatureFileName, verifySignature, type SignaturePolicy, type Signer } from './signature.ts';
import type { ModelTensors } from './worker-messages.ts';

/** What LoadModel found at its url: an ONNX file, with manifest and signer when it came in a package that has them. */
export type ModelFiles = {
  readonly modelPath: string;
  readonly manifest?: ModelManifest;
  readonly signer?: Signer;
  /** Taken before anything was verified: to be checked once the model is open. Empty for a bare file. */
  readonly stamps: FileStamps;
};

/** Larger manifests and signatures are refused before they are read. */
const maxManifestBytes = 4 * 1024 * 1024;

/** As many files are named in a message, which a status has little room for. */
const mostNamed = 5;

/** What the install script of a component notes in the package's folder. */
const installRecords = ['.installed', '.contents'];

/**
 * Opens a model package (a directory) or a bare `.onnx` file. Of a package, the signature as far as the policy asks for
 * it, and every file are verified.
 *
 * @param path an absolute path
 * @throws FescueError `not-found`, `invalid-argument` for something that is no model, `failed-precondition` for a
 *   package that cannot be used
 */
export async function openModelFiles(path: string, policy: SignaturePolicy): Promise<ModelFiles> {
  const entry = await stat(path).catch((error: unknown) => {
    throw hasCode(error, 'ENOENT', 'ENOTDIR')
      ? new FescueError('not-found', `There is nothing at ${path}. Expected a model package directory or an .onnx file.`, { cause: error })
      : new FescueError('failed-precondition', `${path} cannot be read by the agent: ${String(error)}.`, { cause: error });
  });
  if (entry.isDirectory()) {
    return openPackage(path, policy).catch((error: unknown) => {
      throw error instanceof FescueError ? error : unusable(`The package ${path} cannot be read: ${messageOf(error)}.`, error);
    });
  }
  if (!entry.isFile() || !path.toLowerCase().endsWith('.onnx')) {
    throw new FescueError('invalid-argument', `${path} is no model: expected a package directory with ${manifestFileName}, or a file ending in .onnx.`);
  }
  if (policy.mode === 'required') throw unusable(`${path} is a bare ONNX file, which carries no signature, and ModelSignature is required. Load a signed package.`);
  return { modelPath: path, stamps: new Map() };
}

async function openPackage(directory: string, policy: SignaturePolicy): Promise<ModelFiles> {
  const root = await realpath(directory);
  const bytes = await readManifest(root);
  const signer = policy.mode === 'off' ? undefined : await verifySigner(root, bytes, policy);
  const manifest = parseManifest(bytes.toString('utf8'), join(root, manifestFileName));
  const stamps = await stampFiles(root, Object.keys(manifest.files));
  await refuseUnlisted(root, manifest);
  for (const [name, expected] of Object.entries(manifest.files)) await verifyFile(root, name, expected);
  return { modelPath: join(root, manifest.entry), manifest, stamps, ...(signer === undefined ? {} : { signer }) };
}

/** The bytes of a package's manifest. @throws FescueError `failed-precondition` */
export async function readManifest(root: string): Promise<Buffer> {
  const bytes = await readSmallFile(root, manifestFileName);
  if (bytes === undefined) throw unusable(`There is no ${join(root, manifestFileName)}. A model package needs its manifest; to load a model without one, name the .onnx file itself.`);
  return bytes;
}

/**
 * Verifies the signature of a package, if it has one.
 *
 * @param manifest the bytes of its manifest
 * @throws FescueError `failed-precondition` when the signature is bad, missing though required, or of an unknown signer
 *   although there are trusted certificates
 */
export async function verifySigner(root: string, manifest: Buffer, policy: SignaturePolicy): Promise<Signer | undefined> {
  const path = join(root, signatureFileName);
  const signature = await readSmallFile(root, signatureFileName);
  if (signature === undefined) {
    if (policy.mode !== 'required') return undefined;
    throw unusable(`There is no ${path}, and ModelSignature is required. Sign the package, or load one that is signed.`);
  }
  const trusted = policy.trusted.map((pem) => new X509Certificate(pem));
  const signer = verifyAt(path, () => verifySignature(manifest, signature.toString('utf8'), trusted));
  if (!signer.trusted && trusted.length > 0) {
    throw unusable(`The signature ${path} is refused: the signer is unknown. "${signer.name}" (SHA-256 ${signer.fingerprint}) leads to none of the ${trusted.length} trusted certificates (TrustedCertificatesPath). Have the package signed by a trusted signer, or trust this one.`);
  }
  return signer;
}

function verifyAt(path: string, verify: () => Signer): Signer {
  try {
    return verify();
  } catch (error) {
    throw unusable(`The signature ${path} is refused: ${messageOf(error)}. Sign the package again, or copy it again from its source.`, error);
  }
}

/** A file of at most `maxManifestBytes` in the package itself; undefined when there is none. */
async function readSmallFile(root: string, name: string): Promise<Buffer | undefined> {
  const path = join(root, name);
  try {
    return await readRegularFile(await insidePackage(root, name), maxManifestBytes);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error instanceof FescueError ? error : unusable(`${path} cannot be read: ${messageOf(error)}.`, error);
  }
}

/** The real path of a package's file. @throws FescueError `failed-precondition` when it is outside of the package */
async function insidePackage(root: string, name: string): Promise<string> {
  const path = await realpath(join(root, name));
  if (!path.startsWith(root + sep)) throw unusable(`File "${name}" of the package ${root} leads outside it, to ${path}.`);
  return path;
}

/** Refuses files nobody vouches for: the model could read them as its weights. */
async function refuseUnlisted(root: string, manifest: ModelManifest): Promise<void> {
  const known = new Set([manifestFileName, signatureFileName, ...installRecords, ...Object.keys(manifest.files).map((name) => normalize(name))]);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const unlisted = entries.filter((entry) => !entry.isDirectory()).map((entry) => relative(root, join(entry.parentPath, entry.name))).filter((name) => !known.has(name));
  if (unlisted.length > 0) {
    const [first, more] = [unlisted.slice(0, mostNamed).map((name) => `"${name}"`).join(', '), unlisted.length - mostNamed];
    throw unusable(`The package ${root} holds ${first}${more > 0 ? ` and ${more} more` : ''}, which its manifest does not list. Remove what does not belong to the model, or list it under files.`);
  }
}

/** Verifies size and digest of a listed file. @throws FescueError `failed-precondition` */
export async function verifyFile(root: string, name: string, expected: { sha256: string; bytes: number }): Promise<void> {
  const path = await insidePackage(root, name).catch((error: unknown) => {
    throw error instanceof FescueError ? error : unusable(`File "${name}" of the package ${root} is missing (${messageOf(error)}). Copy the whole package again.`, error);
  });
  const { size } = await stat(path);
  if (size !== expected.bytes) throw unusable(`${path}: expected ${expected.bytes} bytes as in the manifest, got ${size}. The file is cut off or replaced; copy the package again.`);
  const sha256 = await digestOf(path);
  if (sha256 !== expected.sha256) throw unusable(`${path}: expected SHA-256 ${expected.sha256} as in the manifest, got ${sha256}. The file is damaged or replaced; copy the package again.`);
}

/** SHA-256 of a regular file's bytes, in lowercase hex. @throws as `openRegularFile` */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openRegularFile(path);
  // The stream closes the file.
  for await (const chunk of file.createReadStream({ highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Checks that the tensors a manifest declares are the model's own.
 *
 * @throws FescueError `failed-precondition` naming the first that differs
 */
export function checkDeclaredTensors(manifest: ModelManifest, tensors: ModelTensors): void {
  for (const direction of ['inputs', 'outputs'] as const) {
    for (const declared of manifest[direction]) {
      const actual = tensors[direction].find((tensor) => tensor.name === declared.name);
      if (actual === undefined || !sameTensor(declared, actual)) {
        throw unusable(`The manifest declares ${direction} "${declared.name}" as ${describeTensor(declared)}; the model has ${listTensors(tensors[direction])}.`);
      }
    }
  }
}

function sameTensor(declared: TensorSpec, actual: TensorSpec): boolean {
  return describeTensor(declared) === describeTensor(actual);
}

function listTensors(tensors: readonly TensorSpec[]): string {
  return tensors.map((tensor) => `"${tensor.name}" ${describeTensor(tensor)}`).join(', ');
}

function unusable(message: string, cause?: unknown): FescueError {
  return new FescueError('failed-precondition', message, { cause });
}
