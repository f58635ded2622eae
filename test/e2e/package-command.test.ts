import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { keyAlgorithms } from '../../scripts/packaging/certificates.ts';
import { parseRecipe } from '../../scripts/local-nucleus/recipe.ts';
import { writePackage } from '../helpers/model-folder.ts';
import { npyOf } from '../helpers/npy.ts';
import { identityModel, onnxModel } from '../../scripts/measure/onnx-model.ts';
import { fescue, type CommandResult } from '../helpers/run-command.ts';
import { moments, signer } from '../helpers/signing.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage } from '../helpers/use-inference.ts';

const run = promisify(execFile);
const floats = (...values: number[]): Uint8Array => npyOf({ descr: '<f4', shape: `(1, ${values.length})`, data: new Uint8Array(Float32Array.from(values).buffer) });

/** A folder with a model that copies two numbers. */
async function folderWithModel(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'pair.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]));
  return folder;
}

/** Packages that model as `pump-2` 1.0.0. */
function packagePair(folder: string, ...args: string[]): Promise<CommandResult> {
  return fescue('package', join(folder, 'pair.onnx'), '--name', 'pump-2', '--version', '1.0.0', '--out', join(folder, 'out'), ...args);
}

describe('fescue package', () => {
  test('signs with keys of keys init, and an agent that trusts them installs, loads and predicts', async () => {
    const folder = await temporaryFolder();
    const keys = join(folder, 'keys');
    expect((await fescue('keys', 'init', '--out', keys)).code).toBe(0);
    const made = await fescue('package', join(samplePackage, 'model.onnx'), '--name', 'classifier', '--version', '1.2.0', '--labels', join(samplePackage, 'labels.txt'),
      '--mean', '127', '--scale', '0.0078125', '--short-side', '256', '--kernel', 'cubic', '--activation', 'softmax',
      '--sign', join(keys, 'signer.key.pem'), '--cert', join(keys, 'signer.pem'), '--out', join(folder, 'out'), '--json');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const result = JSON.parse(made.stdout) as Record<string, string>;
    expect(result).toMatchObject({ component: 'dev.fescue.model.Classifier', version: '1.2.0', recipe: join(folder, 'out/recipes/dev.fescue.model.Classifier-1.2.0.yaml') });
    expect(await readdir(join(folder, 'out'))).toEqual(['artifacts', 'gdk', 'packages', 'recipes']);
    const recipe = parseRecipe(await readFile(result['recipe'] ?? '', 'utf8'), 'the recipe');
    expect(recipe).toMatchObject({ name: 'dev.fescue.model.Classifier', version: '1.2.0' });

    const work = join(folder, 'work');
    await mkdir(work);
    const artifacts = join(folder, 'out/artifacts/dev.fescue.model.Classifier/1.2.0');
    await run('sh', [join(artifacts, 'install.sh'), join(artifacts, 'model.tar.gz')], { cwd: work });
    const agent = await useAgent({ args: ['--trusted-certificates-path', join(keys, 'ca.pem')] });
    await agent.client.loadModel(work, 'classifier');
    const answer = await fescue('predict', 'predict', 'classifier', '--image', join(photoFolder, 'dog.jpg'), '--top', '1', '--socket', agent.socketPath);
    expect(answer.stdout).toMatch(/German shepherd +0\.9/);
    await agent.client.loadModel(result['package'] ?? '', 'again');
  });

  test('gives the same archive for the same files, signed too, whatever their modes', async () => {
    const folder = await folderWithModel();
    const leaf = await signer({ algorithm: keyAlgorithms.rsa });
    await writeFile(join(folder, 'key.pem'), leaf.keyPem);
    await writeFile(join(folder, 'cert.pem'), leaf.certificatePem);
    const archive = async (out: string): Promise<Buffer> => {
      expect((await packagePair(folder, '--sign', join(folder, 'key.pem'), '--cert', join(folder, 'cert.pem'), '--out', join(folder, out))).stderr).toBe('');
      return readFile(join(folder, out, 'artifacts/dev.fescue.model.Pump2/1.0.0/model.tar.gz'));
    };
    const first = await archive('a');
    await chmod(join(folder, 'pair.onnx'), 0o600);
    expect(first.equals(await archive('b'))).toBe(true);
    expect(first.equals(await archive('a'))).toBe(true);
  });

  test('takes the golden output within its tolerance, and says what differs otherwise', async () => {
    const folder = await folderWithModel();
    await writeFile(join(folder, 'in.npy'), floats(1, 2));
    await writeFile(join(folder, 'near.npy'), floats(1, 2.0001));
    await writeFile(join(folder, 'far.npy'), floats(1, 2.5));
    await writeFile(join(folder, 'long.npy'), floats(1, 2, 3));
    const golden = (output: string): Promise<CommandResult> => packagePair(folder, '--golden', `${join(folder, 'in.npy')}=${join(folder, output)}`);
    expect(await golden('far.npy')).toMatchObject({ code: 1, stderr: expect.stringMatching(/differs in 1 of 2 elements by up to 0\.500; the first is element 1: expected 2\.5, got 2, tolerance 0\.001/) as string });
    expect((await golden('long.npy')).stderr).toMatch(/is FLOAT32 \[1, 2\], expected FLOAT32 \[1, 3\]/);
    await expect(stat(join(folder, 'out'))).rejects.toThrow(/ENOENT/);
    expect((await golden('near.npy')).code).toBe(0);
    const folderOfPackage = join(folder, 'out/packages/dev.fescue.model.Pump2/1.0.0');
    expect(JSON.parse(await readFile(join(folderOfPackage, 'sagemaker_edge_manifest'), 'utf8'))).toMatchObject({ golden: { input: 'golden/input.npy', output: 'golden/output.npy', tolerance: 0.001 } });
    expect((await fescue('inspect', folderOfPackage)).code).toBe(0);
  });

  test('brings the files a model keeps its weights in, but none from elsewhere', async () => {
    const folder = await temporaryFolder();
    const model = (file: string): Buffer => onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: [1, 1] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: [1, 1] }], nodes: [{ operator: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }], weights: [{ name: 'w', shape: [1, 1], values: Float32Array.of(3), file }] });
    await writeFile(join(folder, 'pair.onnx'), model('pair.weights'));
    await writeFile(join(folder, 'pair.weights'), new Uint8Array(Float32Array.of(3).buffer));
    expect(await packagePair(folder)).toMatchObject({ code: 0, stderr: '' });
    const { files } = JSON.parse(await readFile(join(folder, 'out/packages/dev.fescue.model.Pump2/1.0.0/sagemaker_edge_manifest'), 'utf8')) as { files: object };
    expect(Object.keys(files)).toEqual(['model.onnx', 'pair.weights']);
    await writeFile(join(folder, 'pair.onnx'), model('../elsewhere'));
    expect(await packagePair(folder)).toMatchObject({ code: 1, stdout: '' });
  });

  test('refuses what cannot become a package, and leaves nothing', async () => {
    const folder = await folderWithModel();
    const leaf = await signer({ notBefore: moments.longAgo, notAfter: moments.yesterday });
    await writeFile(join(folder, 'key.pem'), leaf.keyPem);
    await writeFile(join(folder, 'cert.pem'), leaf.certificatePem);
    await writeFile(join(folder, 'labels.txt'), 'one\ntwo\nthree\n');
    await writeFile(join(folder, 'text.onnx'), 'no model');
    const refusals: [string[], RegExp][] = [
      [['--sign', join(folder, 'key.pem'), '--cert', join(folder, 'cert.pem')], /An agent would refuse this signature: .* has expired/],
      [['--labels', join(folder, 'labels.txt'), '--task', 'tensor'], /has 3 lines; output "x_out" FLOAT32 \[1, 2\] has 2 classes/],
      [['--task', 'image-classification'], /no input of four axes that could take an image; its inputs are "x" FLOAT32 \[1, 2\]/],
      [['--version', 'one'], /semantic version such as 1\.0\.0, got "one"/],
      [['--component', 'no good name'], /expected letters, digits/],
    ];
    for (const [args, message] of refusals) expect(await packagePair(folder, ...args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) as string });
    expect((await fescue('package', join(folder, 'text.onnx'), '--name', 'a', '--version', '1.0.0', '--out', join(folder, 'out'))).stderr).toMatch(/no complete ONNX file/);
    expect(await readdir(join(folder, 'out')).catch(() => [])).toEqual([]);
  });

  test.each([
    [['--sign', 'key.pem'], /--sign and --cert go together/],
    [['--mean', '1,2'], /Expected three numbers/],
    [['--short-side', '256'], /--short-side is for --task image-classification/],
    [['--golden', 'in.npy'], /Expected in\.npy=out\.npy/],
    [['--name', 'no name'], /Expected letters, digits and inner dashes/],
  ])('%j is bad usage', async (args, message) => {
    expect(await packagePair('/nowhere', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) as string });
  });
});

describe('fescue keys init', () => {
  test('keeps keys to their owner and overwrites nothing', async () => {
    const folder = join(await temporaryFolder(), 'keys');
    const made = JSON.parse((await fescue('keys', 'init', '--out', folder, '--days', '3', '--json')).stdout) as Record<string, string>;
    expect(Object.keys(made)).toEqual(['authority', 'authorityKey', 'signer', 'signerKey', 'validTo']);
    for (const name of ['ca.key.pem', 'signer.key.pem']) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(folder, 'ca.key.pem'), 'utf8');
    expect(await fescue('keys', 'init', '--out', folder)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/Keys are not overwritten.*ca\.pem/) as string });
    expect(await readFile(join(folder, 'ca.key.pem'), 'utf8')).toBe(before);
    expect((await fescue('keys', 'init', '--days', '0')).code).toBe(2);
  });
});

describe('fescue inspect', () => {
  test('shows the sample package', async () => {
    const { code, stdout } = await fescue('inspect', samplePackage);
    expect(code).toBe(0);
    for (const line of [/^model +efficientnet-lite0 1\.0\.0, image-classification$/m, /^signed by +nobody$/m, /^opset +ai\.onnx 17$/m, /^producer +onnx\.quantize/m, /^memory +about 9\.\d MiB: weights 4\.8 MiB, .*an estimate/m, /^input +image +FLOAT32 +\[1, 3, 224, 224\] +588\.0 KiB$/m, /^model\.onnx +5068204 +a695b282[0-9a-f]{56} +as in the manifest$/m, /^The agent loads it\.$/m]) expect(stdout).toMatch(line);
  });

  test('names the signer of a package, whether it is trusted, and every problem', async () => {
    const folder = await temporaryFolder();
    const leaf = await signer();
    await writeFile(join(folder, 'cert.pem'), leaf.certificatePem);
    await writeFile(join(folder, 'other.pem'), (await signer()).certificatePem);
    await writePackage(join(folder, 'package'), { signedBy: [leaf] });
    const inspect = async (...args: string[]): Promise<CommandResult & { inspected: { problems: string[] } }> => {
      const result = await fescue('inspect', join(folder, 'package'), '--json', ...args);
      return { ...result, inspected: JSON.parse(result.stdout) as { problems: string[] } };
    };
    expect(await inspect('--trusted-certificates', join(folder, 'cert.pem'))).toMatchObject({ code: 0, inspected: { problems: [], signer: { name: 'CN=Test signer', algorithm: 'ecdsa-p256-sha256', trusted: true, validTo: moments.tomorrow.toISOString().replace(/\.\d+/, '.000') } } });
    expect(await inspect('--trusted-certificates', join(folder, 'other.pem'))).toMatchObject({ code: 1, inspected: { problems: [expect.stringMatching(/the signer is unknown/)] } });
    await writeFile(join(folder, 'package/extra.bin'), 'x');
    await appendFile(join(folder, 'package/model.onnx'), ' ');
    const { code, inspected } = await inspect();
    expect(code).toBe(1);
    expect(inspected).toMatchObject({ files: [{ name: 'model.onnx', state: 'not as in the manifest' }, { name: 'extra.bin', state: 'not listed' }] });
    expect(inspected.problems.join('\n')).toMatch(/model\.onnx: expected \d+ bytes as in the manifest/);
  });

  test('says what the API of the agent cannot carry', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'strange.onnx'), identityModel([{ name: 's', type: 'STRING', shape: ['n'] }, { name: 'b', type: 'BOOL', shape: [1] }, { name: 'huge', type: 'FLOAT32', shape: [1, 3, 4000, 4000] }]));
    const { code, stdout } = await fescue('inspect', join(folder, 'strange.onnx'));
    expect(code).toBe(1);
    for (const problem of [/"s" is STRING; the agent's API carries UINT8/, /"b" is BOOL/, /"huge" takes 192000000 bytes; a message has at most 67108864/]) expect(stdout).toMatch(problem);
  });

  test('asks an agent for its models', async () => {
    const agent = await useAgent();
    expect(await fescue('inspect', agent.socketPath)).toEqual({ code: 0, stdout: 'No model is loaded.\n', stderr: '' });
    const weights = [{ name: 'w', shape: [2, 2], values: Float32Array.of(1, 0, 0, 1) }];
    await writeFile(join(agent.folder, 'm.onnx'), onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: ['n', 2] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: ['n', 2] }], nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], weights }));
    await agent.client.loadModel('m.onnx', 'm');
    expect((await fescue('inspect', agent.socketPath)).stdout).toMatch(/^m +m\.onnx +input +x +FLOAT32 \[-1, 2\] +8 B or more\nm +m\.onnx +output +y /m);
    expect(JSON.parse((await fescue('inspect', agent.socketPath, '--json')).stdout)).toMatchObject({ models: [{ name: 'm' }] });
  });

  test('refuses what is none of these', async () => {
    expect(await fescue('inspect', '/nowhere')).toMatchObject({ code: 1, stderr: expect.stringMatching(/\/nowhere cannot be inspected: ENOENT/) as string });
    expect((await fescue('inspect', resolve('README.md'))).stderr).toMatch(/nothing to inspect: expected a package folder/);
  });
});

test.each([[['package']], [['inspect']], [['keys']], [['keys', 'init']]])('fescue %j --help has examples', async (args) => {
  expect(await fescue(...args, '--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Examples?:\n/) as string });
});
