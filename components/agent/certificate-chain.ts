import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FescueError, messageOf } from '../common/errors.ts';

/** Longer chains are refused before they are checked. */
const maxCertificates = 8;
const leastRsaBits = 2048;
const curves = ['prime256v1', 'secp384r1'];
const soundDigests = /sha-?(256|384|512)|^ed25519$|^rsassaPss$/i;
const codeSigning = ['1.3.6.1.5.5.7.3.3', '2.5.29.37.0'];

/**
 * The certificates of a PEM text, in its order; anything else in the text, such as a private key, is passed over.
 *
 * @param origin where the text came from, for messages
 * @throws FescueError `failed-precondition` when there is none, or one cannot be read
 */
export function readCertificates(pem: string, origin: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new FescueError('failed-precondition', `${origin} holds no certificate. Expected PEM: a block that starts with -----BEGIN CERTIFICATE-----.`);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new FescueError('failed-precondition', `Certificate ${index + 1} of ${origin} cannot be read: ${messageOf(error)}.`, { cause: error });
    }
  });
}

/**
 * Reads the certificates an operator trusts.
 *
 * @param path a PEM file, or a folder of `.pem` and `.crt` files
 * @throws FescueError `failed-precondition` when a file cannot be read or holds no certificate, or there is no file
 */
export function readTrustedCertificates(path: string): X509Certificate[] {
  try {
    if (!statSync(path).isDirectory()) return readCertificates(readFileSync(path, 'utf8'), path);
    const names = readdirSync(path).filter((name) => /\.(pem|crt)$/i.test(name)).toSorted();
    if (names.length === 0) throw new FescueError('failed-precondition', `${path} holds no .pem or .crt file.`);
    return names.flatMap((name) => readCertificates(readFileSync(join(path, name), 'utf8'), join(path, name)));
  } catch (error) {
    if (error instanceof FescueError) throw error;
    throw new FescueError('failed-precondition', `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/**
 * Checks a signer's certificate and those above it: dates, key strength, who may issue, and each signature.
 *
 * @param chain the signer's certificate, then the issuer of each one before
 * @param trusted one of these must be in the chain, or have issued its last certificate
 * @returns whether it leads to a trusted certificate; those above that one are not looked at
 * @throws FescueError `failed-precondition` naming the certificate and what is wrong with it
 */
export function checkChain(chain: readonly X509Certificate[], trusted: readonly X509Certificate[], now: Date): boolean {
  if (chain.length > maxCertificates) throw refused(`the signature brings ${chain.length} certificates; at most ${maxCertificates} are taken`);
  for (const [index, certificate] of chain.entries()) {
    const below = chain[index - 1];
    if (below === undefined) checkSigner(certificate);
    else checkIssuer(certificate, below, index - 1);
    checkCertificate(certificate, now);
    if (trusted.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) return true;
    const issuers = trusted.filter((candidate) => isIssuer(candidate, certificate));
    // After a renewal two certificates of one issuer may be trusted; a valid one is enough.
    const issuer = issuers.find((candidate) => isValid(candidate, now)) ?? issuers[0];
    if (issuer === undefined) continue;
    checkIssuer(issuer, certificate, index);
    checkCertificate(issuer, now);
    return true;
  }
  return false;
}

/** `CN=Model signer, O=Example` */
export function nameOf(certificate: X509Certificate): string {
  return oneLine(certificate.subject);
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ') || '(no name)';
}

function checkSigner(certificate: X509Certificate): void {
  // No such extension means any use. A server's TLS certificate must not do for models.
  const uses = certificate.keyUsage as string[] | undefined;
  if (uses !== undefined && !uses.some((use) => codeSigning.includes(use))) {
    throw refused(`certificate "${nameOf(certificate)}" is not for signing: its extended key usage lacks code signing`);
  }
}

/** @param authoritiesBelow how many certificates of authorities are between the issuer and the signer */
function checkIssuer(issuer: X509Certificate, certificate: X509Certificate, authoritiesBelow: number): void {
  if (!issuer.ca) throw refused(`certificate "${nameOf(issuer)}" issued "${nameOf(certificate)}" but is not of a certificate authority (CA)`);
  if (!isIssuer(issuer, certificate)) throw refused(`certificate "${nameOf(certificate)}" is not signed by "${nameOf(issuer)}", which follows it; its issuer is "${oneLine(certificate.issuer)}"`);
  if (authoritiesBelow > pathLengthOf(issuer)) throw refused(`certificate "${nameOf(issuer)}" may not have another authority below it (path length)`);
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValid(certificate: X509Certificate, now: Date): boolean {
  return now >= certificate.validFromDate && now <= certificate.validToDate;
}

function checkCertificate(certificate: X509Certificate, now: Date): void {
  const name = nameOf(certificate);
  const clock = `the time here is ${now.toISOString()}`;
  if (now < certificate.validFromDate) throw refused(`certificate "${name}" is not yet valid: it starts at ${certificate.validFromDate.toISOString()}, ${clock}`);
  if (now > certificate.validToDate) throw refused(`certificate "${name}" has expired: it ended at ${certificate.validToDate.toISOString()}, ${clock}`);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  const strong =
    type === 'ed25519' ||
    (type === 'ec' && curves.includes(details?.namedCurve ?? '')) ||
    ((type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= leastRsaBits);
  if (!strong) {
    const key = [type, details?.namedCurve ?? details?.modulusLength].filter((part) => part !== undefined).join(' ');
    throw refused(`certificate "${name}" has a weak or unknown key (${key}); expected RSA of at least ${leastRsaBits} bits, ECDSA P-256 or P-384, or Ed25519`);
  }
  const algorithm = certificate.signatureAlgorithm ?? certificate.signatureAlgorithmOid;
  if (!soundDigests.test(algorithm)) throw refused(`certificate "${name}" is itself signed with ${algorithm}; expected a digest of the SHA-2 family`);
}

/** Of the basic constraints extension, which node:crypto does not tell: how many authorities may be below. */
function pathLengthOf(certificate: X509Certificate): number {
  // In DER: OID 2.5.29.19, [critical], OCTET STRING of SEQUENCE of CA = TRUE and the number.
  const [, pathLength] = /0603551d13(?:0101ff)?04..30..0101ff0201(..)/.exec(certificate.raw.toString('hex')) ?? [];
  return pathLength === undefined ? Infinity : Number.parseInt(pathLength, 16);
}

function refused(reason: string): FescueError {
  return new FescueError('failed-precondition', reason);
}
