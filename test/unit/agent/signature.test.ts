import { constants, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifySignature, type SignatureAlgorithm, type Signer } from '../../../components/agent/signature.ts';
import { keyAlgorithms, type Identity } from '../../../scripts/packaging/certificates.ts';
import { signManifest } from '../../../scripts/packaging/sign.ts';
import { authority, chainOf, moments, signer } from '../../helpers/signing.ts';

const manifest = Buffer.from('{"metadata": {}}\n');

function nodeCertificate({ certificatePem }: Identity): X509Certificate {
  return new X509Certificate(certificatePem);
}

/** Signs without the checks of `signManifest`. */
function signedBy(leaf: Identity, chain: string, changes: Record<string, unknown> = {}): string {
  const key = createPrivateKey(leaf.keyPem);
  return JSON.stringify({ algorithm: 'ecdsa-p256-sha256', signature: sign('sha256', manifest, key).toString('base64'), chain, ...changes });
}

describe('each kind of key', () => {
  const kinds: [string, SignatureAlgorithm, (typeof keyAlgorithms)[keyof typeof keyAlgorithms]][] = [
    ['Ed25519', 'ed25519', keyAlgorithms.ed25519],
    ['ECDSA P-256', 'ecdsa-p256-sha256', keyAlgorithms.p256],
    ['ECDSA P-384', 'ecdsa-p384-sha384', keyAlgorithms.p384],
    ['RSA', 'rsa-pkcs1-sha256', keyAlgorithms.rsa],
    ['RSA with PSS', 'rsa-pss-sha256', keyAlgorithms.rsa],
  ];
  test.each(kinds)('%s signs and is verified, as signer and as authority', async (_, algorithm, keyAlgorithm) => {
    const root = await authority({ algorithm: keyAlgorithm });
    const leaf = await signer({ issuer: root, algorithm: keyAlgorithm });
    const text = signManifest(manifest, { keyPem: leaf.keyPem, chainPem: leaf.certificatePem, ...(algorithm === 'rsa-pss-sha256' ? { algorithm } : {}) });
    expect(verifySignature(manifest, text, [nodeCertificate(root)])).toMatchObject({ name: 'CN=Test signer', algorithm, trusted: true, fingerprint: nodeCertificate(leaf).fingerprint256 });
    expect(() => verifySignature(Buffer.from('{"metadata": {} }\n'), text, [nodeCertificate(root)])).toThrow(/not the signature of this manifest by "CN=Test signer"/);
  });

  test.each(['ed25519', 'rsa'] as const)('%s gives the same bytes every time', async (kind) => {
    const leaf = await signer({ algorithm: keyAlgorithms[kind] });
    const options = { keyPem: leaf.keyPem, chainPem: leaf.certificatePem };
    expect(signManifest(manifest, options)).toBe(signManifest(manifest, options));
  });

  test('a PSS signature with the salt OpenSSL takes by default is verified', async () => {
    const leaf = await signer({ algorithm: keyAlgorithms.rsa });
    const signature = sign('sha256', manifest, { key: leaf.keyPem, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN });
    expect(verifySignature(manifest, signedBy(leaf, leaf.certificatePem, { algorithm: 'rsa-pss-sha256', signature: signature.toString('base64') }), [])).toMatchObject({ trusted: false });
  });
});

describe('trust', () => {
  const verify = (leaf: Identity, chain: Identity[], trusted: Identity[]): Signer => verifySignature(manifest, signedBy(leaf, chainOf(...chain)), trusted.map(nodeCertificate));

  test('comes from any certificate of the chain, or the issuer of its last', async () => {
    const root = await authority();
    const middle = await authority({ commonName: 'Middle', issuer: root });
    const leaf = await signer({ issuer: middle });
    for (const [chain, trusted] of [
      [[leaf, middle], [root]],
      [[leaf, middle, root], [root]],
      [[leaf, middle, root], [middle]],
      [[leaf], [middle]],
      [[leaf], [leaf]],
      [[leaf], [await authority(), middle]],
    ] as const) {
      expect(verify(leaf, [...chain], [...trusted])).toMatchObject({ trusted: true });
    }
  });

  test('is not given by another authority, also one of the same name', async () => {
    const leaf = await signer({ issuer: await authority() });
    expect(verify(leaf, [leaf], [await authority()])).toMatchObject({ trusted: false });
    expect(verify(leaf, [leaf], [])).toMatchObject({ trusted: false });
    const server = await signer({ commonName: 'No authority' });
    const below = await signer({ issuer: server });
    expect(verify(below, [below], [server])).toMatchObject({ trusted: false });
  });

  test('is not given to a certificate that only claims the name and the key identifier of the authority', async () => {
    const root = await authority();
    const forger = { ...root, keys: { publicKey: root.keys.publicKey, privateKey: (await authority()).keys.privateKey } };
    const leaf = await signer({ issuer: forger });
    expect(nodeCertificate(leaf).checkIssued(nodeCertificate(root))).toBe(true);
    expect(verify(leaf, [leaf], [root])).toMatchObject({ trusted: false });
    expect(() => verify(leaf, [leaf, root], [root])).toThrow(/is not signed by "CN=Test authority"/);
  });

  test('survives the renewal of the authority: one valid certificate of two is enough', async () => {
    const root = await authority();
    const outdated = await authority({ keys: root.keys, notBefore: moments.longAgo, notAfter: moments.yesterday });
    const leaf = await signer({ issuer: root });
    expect(verify(leaf, [leaf], [outdated, root])).toMatchObject({ trusted: true });
  });
});

describe('a signature is refused', () => {
  const refusals: [string, () => Promise<{ leaf: Identity; chain: Identity[]; trusted?: Identity[] }>, RegExp][] = [
    ['of an expired signer', async () => { const leaf = await signer({ notBefore: moments.longAgo, notAfter: moments.yesterday }); return { leaf, chain: [leaf] }; }, /"CN=Test signer" has expired: it ended at .*Z, the time here is .*Z/],
    ['of a signer that is not yet valid', async () => { const leaf = await signer({ notBefore: moments.tomorrow, notAfter: moments.later }); return { leaf, chain: [leaf] }; }, /"CN=Test signer" is not yet valid: it starts at/],
    ['below an expired authority of the chain', async () => { const root = await authority({ notBefore: moments.longAgo, notAfter: moments.yesterday }); const leaf = await signer({ issuer: root }); return { leaf, chain: [leaf, root] }; }, /"CN=Test authority" has expired/],
    ['below an expired authority that is trusted', async () => { const root = await authority({ notBefore: moments.longAgo, notAfter: moments.yesterday }); const leaf = await signer({ issuer: root }); return { leaf, chain: [leaf], trusted: [root] }; }, /"CN=Test authority" has expired/],
    ['with a weak RSA key', async () => { const leaf = await signer({ algorithm: { ...keyAlgorithms.rsa, modulusLength: 1024 } }); return { leaf, chain: [leaf] }; }, /weak or unknown key \(rsa 1024\)/],
    ['with another curve', async () => { const leaf = await signer({ algorithm: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' } }); return { leaf, chain: [leaf] }; }, /weak or unknown key \(ec secp521r1\)/],
    ['below an authority with a weak key', async () => { const root = await authority({ algorithm: { ...keyAlgorithms.rsa, modulusLength: 1024 } }); const leaf = await signer({ issuer: root }); return { leaf, chain: [leaf], trusted: [root] }; }, /"CN=Test authority" has a weak/],
    ['whose certificate is signed with SHA-1', async () => { const leaf = await signer({ algorithm: { ...keyAlgorithms.rsa, hash: 'SHA-1' } }); return { leaf, chain: [leaf] }; }, /itself signed with sha1WithRSAEncryption/],
    ['issued by what is no authority', async () => { const root = await signer({ commonName: 'No authority' }); const leaf = await signer({ issuer: root }); return { leaf, chain: [leaf, root] }; }, /"CN=No authority" issued "CN=Test signer" but is not of a certificate authority/],
    ['with a chain that does not belong together', async () => { const leaf = await signer({ issuer: await authority() }); return { leaf, chain: [leaf, await authority({ commonName: 'Stranger' })] }; }, /"CN=Test signer" is not signed by "CN=Stranger".*its issuer is "CN=Test authority"/],
    ['with an authority that only has the name of the issuer', async () => { const leaf = await signer({ issuer: await authority() }); return { leaf, chain: [leaf, await authority()] }; }, /is not signed by "CN=Test authority"/],
    ['below an authority that must not have others below it', async () => { const root = await authority({ pathLength: 0 }); const middle = await authority({ commonName: 'Middle', issuer: root }); const leaf = await signer({ issuer: middle }); return { leaf, chain: [leaf, middle], trusted: [root] }; }, /"CN=Test authority" may not have another authority below it/],
    ['of a certificate for servers', async () => { const leaf = await signer({ uses: ['1.3.6.1.5.5.7.3.1'] }); return { leaf, chain: [leaf] }; }, /lacks code signing/],
    ['by another key than that of the certificate', async () => { const leaf = await signer(); return { leaf, chain: [await signer()] }; }, /not the signature of this manifest/],
    ['with more certificates than any chain has', async () => { const leaf = await signer(); return { leaf, chain: Array.from({ length: 9 }, () => leaf) }; }, /brings 9 certificates; at most 8/],
  ];
  test.each(refusals)('%s', async (_, make, message) => {
    const { leaf, chain, trusted = [] } = await make();
    expect(() => verifySignature(manifest, signedBy(leaf, chainOf(...chain)), trusted.map(nodeCertificate))).toThrow(expect.objectContaining({ kind: 'failed-precondition', message: expect.stringMatching(message) as string }) as Error);
  });

  const malformed: [string, string, RegExp][] = [
    ['no JSON', 'signature', /cannot be read: .*JSON/],
    ['no object', '[]', /cannot be read: \(whole file\)/],
    ['an unknown algorithm, no base64 and no chain', '{"algorithm": "md5", "signature": "?"}', /algorithm: .*signature: .*chain: /],
    ['no certificate', '{"algorithm": "ed25519", "signature": "AAAA", "chain": "none"}', /holds no certificate/],
    ['a damaged certificate', JSON.stringify({ algorithm: 'ed25519', signature: 'AAAA', chain: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }), /Certificate 1 of .* cannot be read/],
  ];
  test.each(malformed)('that is %s', (_, text, message) => {
    expect(() => verifySignature(manifest, text, [])).toThrow(message);
  });

  test('whose algorithm is not that of the key', async () => {
    const leaf = await signer();
    expect(() => verifySignature(manifest, signedBy(leaf, leaf.certificatePem, { algorithm: 'rsa-pkcs1-sha256' }), [])).toThrow(/rsa-pkcs1-sha256 does not go with the key of "CN=Test signer" \(ec\)/);
    expect(() => verifySignature(manifest, signedBy(leaf, leaf.certificatePem, { algorithm: 'ecdsa-p384-sha384' }), [])).toThrow(/does not go with the key/);
  });
});

test('signing refuses what no agent would take', async () => {
  const [leaf, other] = [await signer(), await signer({ notBefore: moments.longAgo, notAfter: moments.yesterday })];
  expect(() => signManifest(manifest, { keyPem: leaf.keyPem, chainPem: other.certificatePem })).toThrow(/not that of the first certificate/);
  expect(() => signManifest(manifest, { keyPem: other.keyPem, chainPem: other.certificatePem })).toThrow(/An agent would refuse .* has expired/);
  expect(() => signManifest(manifest, { keyPem: 'nothing', chainPem: leaf.certificatePem })).toThrow(/signing key cannot be read/);
});
