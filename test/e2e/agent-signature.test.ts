import { appendFile, copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateKey, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { pairManifest, pairModel, writePackage } from '../helpers/model-folder.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { isAlive } from '../helpers/processes.ts';
import { authority, chainOf, moments, signer } from '../helpers/signing.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';
import type { Identity } from '../../scripts/packaging/certificates.ts';

type Signing = { agent: RunningAgent; root: Identity; leaf: Identity; package: string };

/** An agent that trusts an authority, and a package signed below it. */
async function useSigning(args: string[] = []): Promise<Signing> {
  const folder = await temporaryFolder();
  const root = await authority();
  const leaf = await signer({ issuer: root });
  await writeFile(join(folder, 'trusted.pem'), root.certificatePem);
  await writePackage(join(folder, 'package'), { signedBy: [leaf] });
  return { agent: await useAgent({ folder, args: ['--trusted-certificates-path', 'trusted.pem', ...args] }), root, leaf, package: join(folder, 'package') };
}

const refusal = (message: RegExp): object => ({ kind: 'failed-precondition', message: expect.stringMatching(message) as string });
const numbers = [{ bytes: new Uint8Array(Float32Array.of(1, 2).buffer) }];

/** The log lines of an agent with that text. */
function logged(agent: RunningAgent, text: string): Record<string, unknown>[] {
  return agent.output().split('\n').filter((line) => line.includes(text)).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('an agent with trusted certificates', () => {
  test('loads a package signed below one of them, and says who signed it', async () => {
    const { agent } = await useSigning();
    await agent.client.loadModel('package', 'm');
    expect(await agent.client.predict('m', numbers)).toEqual([expect.objectContaining({ name: 'x_out', bytes: Buffer.from(Float32Array.of(1, 2).buffer) })]);
    expect(logged(agent, 'model loaded')).toEqual([expect.objectContaining({ alias: 'm', signer: 'CN=Test signer' })]);
    expect(logged(agent, '"level":"warn"')).toEqual([]);
  });

  test('refuses a tampered, expired, strange or unsigned one, and a bare file, each with its cause', async () => {
    const { agent, leaf, root } = await useSigning();
    const at = (name: string): string => join(agent.folder, name);
    const cases: [string, RegExp][] = [];
    const add = async (name: string, message: RegExp, prepare: () => Promise<unknown>): Promise<void> => {
      await prepare();
      cases.push([name, message]);
    };
    await add('manifest', /manifest\.sig is refused: it is not the signature of this manifest by "CN=Test signer"/, async () => {
      await writePackage(at('manifest'), { signedBy: [leaf] });
      await writePackage(at('manifest'), { manifest: JSON.stringify(pairManifest({ task: 'tensor' })) });
    });
    await add('model', /model\.onnx: expected SHA-256 [0-9a-f]{64} as in the manifest, got [0-9a-f]{64}/, async () => {
      await writePackage(at('model'), { signedBy: [leaf] });
      await writeFile(at('model/model.onnx'), Buffer.from(pairModel).fill(0, pairModel.length - 1));
    });
    await add('expired', /"CN=Test signer" has expired/, async () => {
      const expired = await signer({ issuer: root, notBefore: moments.longAgo, notAfter: moments.yesterday });
      const manifest = JSON.stringify(pairManifest());
      await writePackage(at('expired'), { manifest });
      const signature = sign('sha256', Buffer.from(manifest), createPrivateKey(expired.keyPem)).toString('base64');
      await writeFile(at('expired/sagemaker_edge_manifest.sig'), JSON.stringify({ algorithm: 'ecdsa-p256-sha256', signature, chain: chainOf(expired) }));
    });
    await add('stranger', /the signer is unknown\. "CN=Stranger" \(SHA-256 [0-9A-F:]{95}\) leads to none of the 1 trusted certificates/, async () => {
      const other = await authority();
      await writePackage(at('stranger'), { signedBy: [await signer({ commonName: 'Stranger', issuer: other }), other] });
    });
    await add('unsigned', /no .*unsigned\/sagemaker_edge_manifest\.sig, and ModelSignature is required/, () => writePackage(at('unsigned')));
    await add('bare.onnx', /bare ONNX file, which carries no signature/, () => writeFile(at('bare.onnx'), pairModel));
    await add('garbage', /manifest\.sig is refused: it cannot be read/, async () => {
      await writePackage(at('garbage'));
      await writeFile(at('garbage/sagemaker_edge_manifest.sig'), 'signed, honestly');
    });
    for (const [name, message] of cases) await expect(agent.client.loadModel(name, 'm'), name).rejects.toMatchObject(refusal(message));
    expect(await agent.client.listModels()).toEqual([]);
  });

  test('goes on predicting when the files of a loaded model are replaced, and refuses them at the next load', async () => {
    const { agent, package: folder } = await useSigning();
    await agent.client.loadModel('package', 'm');
    const other = identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 3] }]);
    await writeFile(join(folder, 'new.onnx'), other);
    await rename(join(folder, 'new.onnx'), join(folder, 'model.onnx'));
    expect(await agent.client.predict('m', numbers)).toHaveLength(1);
    await agent.client.unloadModel('m');
    await expect(agent.client.loadModel('package', 'm')).rejects.toMatchObject(refusal(/model\.onnx: expected \d+ bytes|expected SHA-256/));
  });

  test('verifies again when a worker died', async () => {
    const { agent, package: folder } = await useSigning();
    await agent.client.loadModel('package', 'm');
    await appendFile(join(folder, 'sagemaker_edge_manifest'), ' ');
    const [worker = 0] = agent.workers();
    process.kill(worker, 'SIGKILL');
    await eventually(() => !isAlive(worker) && agent.output().includes('model could not be loaded again'), 'the refused restart');
    await expect(agent.client.predict('m', numbers)).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/not the signature of this manifest/) as string });
  });

  test('takes a folder of certificates, and unsigned models too where a signature is not required', async () => {
    const { agent, root } = await useSigning();
    await mkdir(join(agent.folder, 'trusted'));
    await writeFile(join(agent.folder, 'trusted/a.crt'), (await authority({ commonName: 'Another' })).certificatePem);
    await writeFile(join(agent.folder, 'trusted/b.pem'), root.certificatePem);
    await writeFile(join(agent.folder, 'trusted/readme.txt'), 'no certificate');
    await writePackage(join(agent.folder, 'unsigned'));
    const other = await authority();
    await writePackage(join(agent.folder, 'stranger'), { signedBy: [await signer({ issuer: other })] });
    const lenient = await useAgent({ folder: agent.folder, socketPath: join(agent.folder, 'b.sock'), args: ['--trusted-certificates-path', 'trusted', '--model-signature', 'if-present'] });
    await lenient.client.loadModel('package', 'signed');
    await lenient.client.loadModel('unsigned', 'unsigned');
    await expect(lenient.client.loadModel('stranger', 'm')).rejects.toMatchObject(refusal(/the signer is unknown/));
  });
});

describe('an agent without trusted certificates', () => {
  test('loads a signed package with a warning that names the signer, but none whose signature is bad', async () => {
    const agent = await useAgent();
    await writePackage(join(agent.folder, 'package'), { signedBy: [await signer()] });
    await agent.client.loadModel('package', 'm');
    await eventually(() => logged(agent, '"level":"warn"').length > 0, 'the warning');
    expect(logged(agent, '"level":"warn"')).toEqual([expect.objectContaining({ alias: 'm', signer: 'CN=Test signer', msg: expect.stringMatching(/signer is not known: TrustedCertificatesPath is empty/) as string })]);
    await appendFile(join(agent.folder, 'package/sagemaker_edge_manifest'), '\n');
    await expect(agent.client.loadModel('package', 'again')).rejects.toMatchObject(refusal(/not the signature of this manifest/));
  });

  test('looks at no signature when that is off, but still at the digests', async () => {
    const agent = await useAgent({ args: ['--model-signature', 'off'] });
    await writePackage(join(agent.folder, 'package'));
    await writeFile(join(agent.folder, 'package/sagemaker_edge_manifest.sig'), 'nonsense');
    await agent.client.loadModel('package', 'm');
    await appendFile(join(agent.folder, 'package/model.onnx'), ' ');
    await expect(agent.client.loadModel('package', 'again')).rejects.toMatchObject(refusal(/expected \d+ bytes/));
  });
});

describe('a package is refused', () => {
  test('with files its manifest does not list', async () => {
    const agent = await useAgent();
    const folder = join(agent.folder, 'package');
    await writePackage(folder);
    // What install.sh leaves in the folder of a component.
    for (const name of ['.installed', '.contents']) await writeFile(join(folder, name), '');
    await agent.client.loadModel('package', 'm');
    await mkdir(join(folder, 'folder'));
    await writeFile(join(folder, 'folder/weights.bin'), '');
    await symlink('/etc/hostname', join(folder, '.link'));
    await expect(agent.client.loadModel('package', 'again')).rejects.toMatchObject(refusal(/holds .*"\.link".*which its manifest does not list/));
    await expect(agent.client.loadModel('package', 'again')).rejects.toMatchObject(refusal(/"folder\/weights\.bin"/));
  });

  test.each(['model.onnx', 'sagemaker_edge_manifest', 'sagemaker_edge_manifest.sig'])('whose %s is a link that leads outside', async (name) => {
    const agent = await useAgent();
    const folder = join(agent.folder, 'package');
    await writePackage(folder, { signedBy: [await signer()] });
    await copyFile(join(folder, name), join(agent.folder, 'outside'));
    await rm(join(folder, name));
    await symlink('../outside', join(folder, name));
    await expect(agent.client.loadModel('package', 'm')).rejects.toMatchObject(refusal(/leads outside it, to .*outside/));
  });

  test.each(['../outside', '/etc/hostname', 'a/../../outside'])('whose manifest lists %s', async (name) => {
    const agent = await useAgent();
    const files = { 'model.onnx': pairModel };
    await writePackage(join(agent.folder, 'package'), { manifest: JSON.stringify(pairManifest({ files: { ...files, [name]: { sha256: '0'.repeat(64), bytes: 0 } } })) });
    await expect(agent.client.loadModel('package', 'm')).rejects.toMatchObject(refusal(/must be a relative path inside the package/));
  });
});

test.each([
  ['a missing file', ['--trusted-certificates-path', 'nowhere.pem'], /TrustedCertificatesPath: nowhere\.pem cannot be read: ENOENT/],
  ['a file without a certificate', ['--trusted-certificates-path', 'text.pem'], /TrustedCertificatesPath: text\.pem holds no certificate/],
  ['an empty folder', ['--trusted-certificates-path', 'empty'], /TrustedCertificatesPath: empty holds no \.pem or \.crt file/],
  ['required signatures without trusted certificates', ['--model-signature', 'required'], /ModelSignature: required takes TrustedCertificatesPath/],
])('the agent does not start with %s', async (_, args, message) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'text.pem'), 'text');
  await mkdir(join(folder, 'empty'));
  await expect(useAgent({ folder, args })).rejects.toThrow(message);
});
