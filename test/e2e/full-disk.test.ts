import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { zipSync } from 'fflate';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { readCliInfo } from '../../scripts/deploy/cli-info.ts';
import { onnxModel } from '../../scripts/measure/onnx-model.ts';
import { commandLineClient, deployOverIpc } from '../helpers/command-line.ts';
import { withFileLimit } from '../helpers/file-limit.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, writeFiles } from '../helpers/use-nucleus.ts';

type Result = { code: number; stdout: string; stderr: string };

/** Runs `fescue` where no file can grow beyond `bytes`. */
async function fescueWithin(bytes: number, ...args: string[]): Promise<Result> {
  const [program, ...rest] = withFileLimit(bytes, [process.execPath, resolve('scripts/fescue.mjs'), ...args]);
  return new Promise((done) => {
    execFile(program, rest, (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}

const enough = 1e9;

/** A model with weights in six files beside it: a package whose archive is larger than any file in it. */
async function folderWithModel(): Promise<string> {
  const folder = await temporaryFolder();
  const weights = Array.from({ length: 6 }, (_, index) => ({ name: `w${index}`, shape: [50_000], file: `w${index}.bin`, values: new Float32Array(50_000) }));
  for (const { file } of weights) await writeFile(join(folder, file), randomBytes(200_000).map((byte) => byte & 0x3f));
  const nodes = weights.map(({ name }, index) => ({ operator: 'Add', inputs: [index === 0 ? 'x' : `h${index}`, name], outputs: [index === 5 ? 'y' : `h${index + 1}`] }));
  await writeFile(join(folder, 'model.onnx'), onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: [50_000] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: [50_000] }], nodes, weights }));
  return folder;
}

test('fescue package says so, keeps what was there, and leaves nothing of the attempt', async () => {
  const folder = await folderWithModel();
  const out = join(folder, 'out');
  const order = (bytes: number, publisher: string): Promise<Result> => fescueWithin(bytes, 'package', join(folder, 'model.onnx'), '--name', 'pump', '--version', '1.0.0', '--publisher', publisher, '--out', out);
  const archive = join(out, 'artifacts/dev.fescue.model.Pump/1.0.0/model.tar.gz');

  expect(await order(100_000, 'First')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: There is no room to write below .*out: EFBIG.*make room, or raise the limit, and run it again\.$/m) as string });
  expect(await readdir(out)).toEqual([]);
  expect(await order(enough, 'First')).toMatchObject({ code: 0 });
  const [before, recipe] = [await readFile(archive), join(out, 'recipes/dev.fescue.model.Pump-1.0.0.yaml')];

  // Room for every file, but not for the last bytes of the archive.
  expect(await order(before.length - 1, 'Second')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no room') as string });
  expect(Buffer.compare(await readFile(archive), before)).toBe(0);
  expect(await readFile(recipe, 'utf8')).toContain('First');
  expect(await readdir(out)).toEqual(['artifacts', 'gdk', 'packages', 'recipes']);
});

test('the local nucleus says so, leaves nothing half unpacked, and unpacks the next time', async () => {
  const folder = await temporaryFolder();
  const size = 1024 * 1024 + 300;
  await mkdir(join(folder, 'artifacts/one/1.0.0'), { recursive: true });
  await mkdir(join(folder, 'recipes'));
  await writeFile(join(folder, 'artifacts/one/1.0.0/code.zip'), zipSync({ 'large.bin': new Uint8Array(size) }));
  await writeFile(join(folder, 'recipes/one.yaml'), stringify(recipeOf('one', { lifecycle: { install: 'exit 3' }, artifacts: [{ Uri: 's3://any/code.zip', Unarchive: 'ZIP' }] })));
  const deploy = (bytes: number): Promise<Result> => fescueWithin(bytes, 'dev', '--recipe-dir', join(folder, 'recipes'), '--artifact-dir', join(folder, 'artifacts'), '--component', 'one=1.0.0', '--root', join(folder, 'root'));
  const unpacked = join(folder, 'root/packages/artifacts-unarchived/one/1.0.0');

  expect(await deploy(size - 1)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: There is no room to write below .*root: EFBIG/m) as string });
  expect(existsSync(unpacked)).toBe(false);
  // The component's own failure ends this one; its files are there.
  expect(await deploy(enough)).toMatchObject({ code: 1, stderr: expect.stringContaining('exit code 3') as string });
  expect((await stat(join(unpacked, 'code/large.bin'))).size).toBe(size);
});

test('a deployment that has no room changes nothing of what runs, and of what is kept', async () => {
  const folder = await temporaryFolder();
  const [root, size] = [join(folder, 'root'), 1024 * 1024];
  const [program, ...args] = withFileLimit(size, [process.execPath, resolve('scripts/fescue.mjs'), 'nucleus', 'run', '--quiet', '--root', root]);
  const nucleus = spawn(program, args, { stdio: 'inherit' });
  onTestFinished(async () => {
    nucleus.kill('SIGTERM');
    await once(nucleus, 'exit');
  });
  await eventually(() => readCliInfo(root).then((info) => info !== undefined, () => false), 'the nucleus to serve');
  const client = await commandLineClient(root);
  const deploy = async (version: string, bytes: number): ReturnType<typeof deployOverIpc> => {
    const recipe = recipeOf('one', { version, lifecycle: { run: 'echo $$; exec sleep 1000' }, artifacts: [{ Uri: 's3://any/code.zip', Unarchive: 'ZIP' }] });
    const { recipeDir, artifactDir } = await writeFiles(folder, { recipes: [recipe], artifacts: { [`one/${version}/code.zip`]: zipSync({ 'large.bin': new Uint8Array(bytes) }) } });
    return deployOverIpc(client, { recipeDirectoryPath: recipeDir, artifactsDirectoryPath: artifactDir, rootComponentVersionsToAdd: new Map([['one', version]]) });
  };
  expect(await deploy('1.0.0', size)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await deploy('1.1.0', size + 1024)).toMatchObject({ status: 'FAILED', deploymentStatusDetails: { detailedDeploymentStatus: 'FAILED_NO_STATE_CHANGE', deploymentFailureCause: expect.stringMatching(/There is no room to write below .*root: EFBIG/) as string } });
  expect((await client.listComponents({})).components).toMatchObject([{ componentName: 'one', version: '1.0.0', state: 'RUNNING' }]);
  expect(await readdir(join(root, 'packages/artifacts/one'))).toEqual(['1.0.0']);
  expect((await readFile(join(root, 'logs/one.log'), 'utf8')).match(/\[stdout\]/g)?.length).toBe(1);
  expect(await deploy('1.1.0', size)).toMatchObject({ status: 'SUCCEEDED' });
});
