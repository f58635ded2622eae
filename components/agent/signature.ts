import { constants, verify, type KeyObject, type X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { FescueError, messageOf } from '../common/errors.ts';
import { checkChain, nameOf, readCertificates } from './certificate-chain.ts';

/** Name of the detached signature beside the manifest. */
export const signatureFileName = 'sagemaker_edge_manifest.sig';

type Algorithm = { readonly keyTypes: readonly string[]; readonly curve?: string; readonly digest: 'sha256' | 'sha384' | null; readonly padding?: number };

/** How a manifest may be signed. ECDSA signatures are in DER, as OpenSSL and key services give them. */
const algorithms = {
  'ecdsa-p256-sha256': { keyTypes: ['ec'], curve: 'prime256v1', digest: 'sha256' },
  'ecdsa-p384-sha384': { keyTypes: ['ec'], curve: 'secp384r1', digest: 'sha384' },
  'rsa-pss-sha256': { keyTypes: ['rsa', 'rsa-pss'], digest: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  'rsa-pkcs1-sha256': { keyTypes: ['rsa'], digest: 'sha256', padding: constants.RSA_PKCS1_PADDING },
  ed25519: { keyTypes: ['ed25519'], digest: null },
} as const satisfies Record<string, Algorithm>;

export type SignatureAlgorithm = keyof typeof algorithms;
export const signatureAlgorithms = Object.keys(algorithms) as SignatureAlgorithm[];

const signatureFile = z.object({
  algorithm: z.enum(signatureAlgorithms),
  /** Over the bytes of the manifest file, in base64. */
  signature: z.base64().min(1),
  /** PEM: the signer's certificate, then the issuer of each one before; the trusted one may be left out. */
  chain: z.string(),
});

export type SignatureFile = z.infer<typeof signatureFile>;

/** Which packages load: `required` takes signed ones only, `off` looks at no signature. */
export type SignaturePolicy = {
  readonly mode: 'required' | 'if-present' | 'off';
  /** PEM certificates; with any, a signature must lead to one of them. */
  readonly trusted: readonly string[];
};

/** Who signed a manifest. */
export type Signer = {
  /** Distinguished name, such as `CN=Model signer, O=Example`. */
  readonly name: string;
  /** SHA-256 of the certificate, in hex with colons. */
  readonly fingerprint: string;
  readonly algorithm: SignatureAlgorithm;
  /** ISO 8601, UTC. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Whether its certificate leads to a trusted one. */
  readonly trusted: boolean;
};

/**
 * Verifies a manifest's signature and its signer's certificates.
 *
 * @param manifest the bytes of the manifest file
 * @param signature the text of the signature file
 * @throws FescueError `failed-precondition` naming what is wrong; an untrusted signer is no error here
 */
export function verifySignature(manifest: Uint8Array, signature: string, trusted: readonly X509Certificate[], now = new Date()): Signer {
  const file = parseSignature(signature);
  const chain = readCertificates(file.chain, 'the chain of the signature');
  const [leaf] = chain;
  if (leaf === undefined) throw refused('its chain is empty');
  const isTrusted = checkChain(chain, trusted, now);
  checkKey(leaf.publicKey, file.algorithm, nameOf(leaf));
  const { digest } = algorithms[file.algorithm];
  if (!verify(digest, manifest, keyOptions(file.algorithm, leaf.publicKey), Buffer.from(file.signature, 'base64'))) {
    throw refused(`it is not the signature of this manifest by "${nameOf(leaf)}"; the manifest was changed, or signed with another key`);
  }
  return {
    name: nameOf(leaf),
    fingerprint: leaf.fingerprint256,
    algorithm: file.algorithm,
    validFrom: leaf.validFromDate.toISOString(),
    validTo: leaf.validToDate.toISOString(),
    trusted: isTrusted,
  };
}

/** What `sign` and `verify` of node:crypto take for an algorithm. */
export function keyOptions(algorithm: SignatureAlgorithm, key: KeyObject): { key: KeyObject; padding?: number } {
  const { padding }: Algorithm = algorithms[algorithm];
  return padding === undefined ? { key } : { key, padding };
}

export function digestOf(algorithm: SignatureAlgorithm): 'sha256' | 'sha384' | null {
  return algorithms[algorithm].digest;
}

/** The first algorithm that fits a key; of RSA's two the one that gives the same bytes every time. */
export function algorithmFor(key: KeyObject): SignatureAlgorithm | undefined {
  const preferred: SignatureAlgorithm[] = ['rsa-pkcs1-sha256', ...signatureAlgorithms];
  return preferred.find((algorithm) => fits(key, algorithms[algorithm]));
}

function fits(key: KeyObject, { keyTypes, curve }: Algorithm): boolean {
  return keyTypes.includes(key.asymmetricKeyType ?? '') && (curve === undefined || curve === key.asymmetricKeyDetails?.namedCurve);
}

function checkKey(key: KeyObject, algorithm: SignatureAlgorithm, name: string): void {
  if (!fits(key, algorithms[algorithm])) throw refused(`its algorithm ${algorithm} does not go with the key of "${name}" (${key.asymmetricKeyType ?? 'unknown'})`);
}

function parseSignature(text: string): SignatureFile {
  try {
    return signatureFile.parse(JSON.parse(text));
  } catch (error) {
    const problem = error instanceof z.ZodError ? error.issues.map((issue) => `${issue.path.join('.') || '(whole file)'}: ${issue.message}`).join('; ') : messageOf(error);
    throw new FescueError('failed-precondition', `it cannot be read: ${problem}`, { cause: error });
  }
}

function refused(reason: string): FescueError {
  return new FescueError('failed-precondition', reason);
}
