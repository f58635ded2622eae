// The library's container of algorithms asks for this polyfill.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Key algorithms of certificates, as WebCrypto names them. */
export const keyAlgorithms = {
  ed25519: { name: 'Ed25519' },
  p256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  p384: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
} as const;

export type KeyAlgorithm = { readonly name: string; readonly [parameter: string]: unknown };

/** A certificate with its private key. */
export type Identity = {
  readonly certificatePem: string;
  /** PKCS #8, not encrypted. */
  readonly keyPem: string;
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: KeyAlgorithm;
};

export type IdentityOptions = {
  readonly commonName: string;
  readonly algorithm?: KeyAlgorithm;
  /** Instead of a new pair: to renew a certificate. */
  readonly keys?: webcrypto.CryptoKeyPair;
  /** May issue certificates; otherwise it may sign code, unless `uses` says what else, by object identifier. */
  readonly authority?: boolean;
  /** For an authority: how many authorities may be below it. */
  readonly pathLength?: number;
  readonly uses?: readonly string[];
  /** Signs the certificate; without one it signs itself. */
  readonly issuer?: Identity;
  readonly notBefore: Date;
  readonly notAfter: Date;
};

/** Makes a key pair and its certificate. */
export async function makeIdentity(options: IdentityOptions): Promise<Identity> {
  const algorithm = options.algorithm ?? keyAlgorithms.ed25519;
  const keys = options.keys ?? ((await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair);
  const issuer = options.issuer;
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${options.commonName}`,
    issuer: issuer?.certificate.subject ?? `CN=${options.commonName}`,
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: (issuer?.algorithm ?? algorithm) as webcrypto.EcdsaParams,
    extensions: await extensionsOf(options, keys.publicKey),
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem, certificate, keys, algorithm };
}

async function extensionsOf(options: IdentityOptions, publicKey: webcrypto.CryptoKey): Promise<Extension[]> {
  const authority = options.authority === true;
  return [
    new BasicConstraintsExtension(authority, options.pathLength, true),
    new KeyUsagesExtension(authority ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature, true),
    ...(authority ? [] : [new ExtendedKeyUsageExtension([...(options.uses ?? [ExtendedKeyUsage.codeSigning])])]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(options.issuer?.keys.publicKey ?? publicKey),
  ];
}
