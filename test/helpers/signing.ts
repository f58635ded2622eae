import { keyAlgorithms, makeIdentity, type Identity, type IdentityOptions } from '../../scripts/packaging/certificates.ts';

const day = 24 * 60 * 60 * 1000;

/** Moments around now. */
export const moments = { longAgo: new Date(Date.now() - 30 * day), yesterday: new Date(Date.now() - day), tomorrow: new Date(Date.now() + day), later: new Date(Date.now() + 30 * day) };

type Changes = Partial<IdentityOptions>;

/** A certificate authority that is valid now. */
export function authority(changes: Changes = {}): Promise<Identity> {
  return makeIdentity({ commonName: 'Test authority', authority: true, notBefore: moments.yesterday, notAfter: moments.tomorrow, algorithm: keyAlgorithms.p256, ...changes });
}

/** A signer that is valid now. */
export function signer(changes: Changes = {}): Promise<Identity> {
  return makeIdentity({ commonName: 'Test signer', notBefore: moments.yesterday, notAfter: moments.tomorrow, algorithm: keyAlgorithms.p256, ...changes });
}

/** The certificates as a PEM chain. */
export function chainOf(...identities: readonly Identity[]): string {
  return identities.map(({ certificatePem }) => certificatePem).join('');
}
