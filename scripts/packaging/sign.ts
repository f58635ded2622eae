import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { readCertificates } from '../../components/agent/certificate-chain.ts';
import { algorithmFor, digestOf, keyOptions, verifySignature, type SignatureAlgorithm, type SignatureFile } from '../../components/agent/signature.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';

/**
 * Signs a manifest. With an Ed25519 or RSA key (unless PSS is asked for) the text is the same every time.
 *
 * @param manifest the bytes of the manifest file
 * @param keyPem the signer's private key, not encrypted
 * @param chainPem the signer's certificate, then the issuer of each one before; the trusted one may be left out
 * @param algorithm instead of the one the key suggests
 * @returns the text of the signature file
 * @throws FescueError `invalid-argument` for a key that cannot sign, `failed-precondition` for certificates an agent
 *   would refuse
 */
export function signManifest(manifest: Uint8Array, { keyPem, chainPem, algorithm }: { keyPem: string; chainPem: string; algorithm?: SignatureAlgorithm }): string {
  const key = readKey(keyPem);
  const chain = readCertificates(chainPem, 'The certificate file');
  const chosen = algorithm ?? algorithmFor(key);
  if (chosen === undefined) throw new FescueError('invalid-argument', `The signing key is of type ${key.asymmetricKeyType ?? 'unknown'}; expected ECDSA P-256 or P-384, RSA, or Ed25519.`);
  if (chain[0]?.checkPrivateKey(key) !== true) throw new FescueError('invalid-argument', `The signing key is not that of the first certificate, "${chain[0]?.subject ?? ''}". Put the signer's certificate first.`);
  const file: SignatureFile = {
    algorithm: chosen,
    signature: sign(digestOf(chosen), manifest, keyOptions(chosen, key)).toString('base64'),
    chain: chain.map(String).join(''),
  };
  const text = `${JSON.stringify(file, null, 2)}\n`;
  verified(manifest, text);
  return text;
}

function verified(manifest: Uint8Array, text: string): void {
  try {
    verifySignature(manifest, text, []);
  } catch (error) {
    throw new FescueError('failed-precondition', `An agent would refuse this signature: ${messageOf(error)}. Use another key and certificate.`, { cause: error });
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // OpenSSL's message never holds key material.
    throw new FescueError('invalid-argument', `The signing key cannot be read: ${messageOf(error)}. Expected a PEM private key that is not encrypted.`, { cause: error });
  }
}
