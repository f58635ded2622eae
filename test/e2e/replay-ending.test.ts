import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { captureKey, captureLineOf, embeddedTensor, linesText, referredEntry } from '../helpers/capture-files.ts';
import { float32Tensor, writeCaptures } from '../helpers/replay-captures.ts';
import { fescue, startFescue, type RunningCommand } from '../helpers/run-command.ts';
import { s3Environment, useS3, type S3Server } from '../helpers/s3-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { tracesOf, useTemporaryFiles } from '../helpers/traces.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

/** A folder with captures, more than a slow model can be run on in a test, and models. */
async function useFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const inputs = [float32Tensor('x', [1], [1])];
  const outputs = [float32Tensor('y', [1], [1])];
  await writeCaptures(join(folder, 'captures'), Array.from({ length: 2_000 }, (_, index) => ({ id: `capture-${index}`, inputs, outputs })));
  await writeFile(join(folder, 'slow.onnx'), slowModel({ steps: 20 }));
  await writeFile(join(folder, 'copy.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
  await writeFile(join(folder, 'text.onnx'), identityModel([{ name: 't', type: 'STRING', shape: [1] }]));
  await writeFile(join(folder, 'notes.txt'), '');
  await mkdir(join(folder, 'empty'));
  return folder;
}

const hasBegun = async (command: RunningCommand): Promise<void> => eventually(() => command.output().stderr.includes('captures compared'), 'the replay to begin');

const namesOf = async (agent: RunningAgent): Promise<string[]> => (await agent.client.listModels()).map(({ name }) => name);

describe('Ctrl-C', () => {
  test.each([['in-process'], ['agent']])('ends it, and nothing is left, via %s', async (via) => {
    const folder = await useFolder();
    const files = await useTemporaryFiles();
    const command = startFescue('replay', join(folder, 'captures'), '--model', join(folder, 'slow.onnx'), '--via', via, '--html', join(folder, 'report.html'));
    await hasBegun(command);
    command.process.kill('SIGINT');
    const { result, traces } = await tracesOf(command, files);
    expect(traces).toEqual([]);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/\nStopping …\nInterrupted\.\n$/) as string });
    expect((await readdir(folder)).filter((name) => name.startsWith('report'))).toEqual([]);
  });

  test('has the model unloaded from a running agent, also while it is loading', async () => {
    const folder = await useFolder();
    const agent = await useAgent();
    for (const moment of ['loading', 'running']) {
      const files = await useTemporaryFiles();
      const command = startFescue('replay', join(folder, 'captures'), '--model', join(folder, 'slow.onnx'), '--via', 'agent', '--socket', agent.socketPath);
      if (moment === 'loading') await eventually(() => agent.workers().length > 0, 'the model to be loading');
      else await hasBegun(command);
      command.process.kill('SIGINT');
      const { result, traces } = await tracesOf(command, files);
      expect(traces, moment).toEqual([]);
      expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/Interrupted\.\n$/) as string });
      expect(await namesOf(agent), moment).toEqual([]);
    }
  });
});

describe('it ends when the model is gone:', () => {
  test('with the agent', async () => {
    const folder = await useFolder();
    const agent = await useAgent();
    const command = startFescue('replay', join(folder, 'captures'), '--model', join(folder, 'slow.onnx'), '--via', 'agent', '--socket', agent.socketPath);
    await hasBegun(command);
    await agent.stop('SIGKILL');
    expect(await command.done).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/\nfescue: UNAVAILABLE: /) as string });
  });

  test('unloaded by someone else', async () => {
    const folder = await useFolder();
    const agent = await useAgent();
    const command = startFescue('replay', join(folder, 'captures'), '--model', join(folder, 'slow.onnx'), '--via', 'agent', '--socket', agent.socketPath);
    await hasBegun(command);
    const [alias = ''] = await namesOf(agent);
    expect(alias).toMatch(/^fescue-replay-[0-9a-f]{12}$/);
    await agent.client.unloadModel(alias);
    expect(await command.done).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/\nfescue: NOT_FOUND: /) as string });
  });
});

describe('fescue replay refuses', () => {
  test.each([
    [['nowhere', '--model', 'copy.onnx'], /There is nothing at .*nowhere/],
    [['notes.txt', '--model', 'copy.onnx'], /notes\.txt is a file/],
    [['captures', '--model', 'nowhere.onnx'], /^fescue: Model .*nowhere\.onnx cannot be read: .*Expected a package folder or an \.onnx file\.\n$/],
    [['captures', '--model', 'notes.txt'], /notes\.txt is no model/],
    [['captures', '--model', 'empty'], /There is no .*sagemaker_edge_manifest/],
    [['captures', '--model', 'text.onnx'], /"t" of the model is string; the agent's API carries/],
    [['captures', '--model', 'copy.onnx', '--captured-with', 'empty'], /There is no .*sagemaker_edge_manifest/],
    [['captures', '--model', 'copy.onnx', '--from', 'image'], /does not tell how to prepare an image/],
    [['captures', '--model', 'copy.onnx', '--via', 'agent', '--socket', 'nowhere.sock'], /^fescue: UNAVAILABLE: No agent answers on .*nowhere\.sock\./],
    [['captures', '--model', 'text.onnx', '--via', 'agent'], /^fescue: FAILED_PRECONDITION: .*is string/],
    [['captures', '--model', 'copy.onnx', '--html', 'nowhere/report.html'], /^fescue: The report .*cannot be written/],
    [['captures', '--model', 'copy.onnx', '--html', 'empty'], /it is a folder/],
  ])('%j, and says why', async (args, message) => {
    const folder = await useFolder();
    const files = await useTemporaryFiles();
    const given = args.map((arg) => (/^(?:captures|nowhere|empty)|\.(?:onnx|txt)$/.test(arg) ? join(folder, arg) : arg));
    const { result, traces } = await tracesOf(startFescue('replay', ...given, '--quiet'), files);
    expect({ ...result, traces }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) as string, traces: [] });
  });

  test.each([
    [['captures']],
    [['--model', 'copy.onnx']],
    [['captures', '--model', 'copy.onnx', '--from', 'video']],
    [['captures', '--model', 'copy.onnx', '--via', 'mail']],
    [['captures', '--model', 'copy.onnx', '--socket', 's']],
    [['captures', '--model', 'copy.onnx', '--via', 'agent', '--socket', 's', '--threads', '2']],
    [['captures', '--model', 'copy.onnx', '--since', 'yesterday']],
    [['captures', '--model', 'copy.onnx', '--limit', '0']],
    [['captures', '--model', 'copy.onnx', '--changes', '-1']],
    [['captures', '--model', 'copy.onnx', '--min-agreement', '2']],
    [['captures', '--model', 'copy.onnx', '--min-agreement', '']],
    [['captures', '--model', 'copy.onnx', '--html-limit', 'all']],
  ])('%j as bad usage', async (args) => {
    const { code, stdout, stderr } = await fescue('replay', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

test('fescue replay --help has examples', async () => {
  expect(await fescue('replay', '--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Examples:\n {2}fescue replay captures --model /) as string });
});

describe('captures in a bucket', () => {
  afterEach(() => vi.unstubAllEnvs());

  /** A bucket with two captures, whose outputs are objects of their own. */
  async function useBucket(): Promise<{ s3: S3Server; args: string[] }> {
    for (const [name, value] of Object.entries(s3Environment())) vi.stubEnv(name, value);
    const s3 = await useS3();
    const bytes = new Uint8Array(Float32Array.of(1).buffer);
    const folder = await useFolder();
    for (const id of ['a', 'b']) {
      const reference = captureKey().replace(/[^/]+$/, `raw-data/output-tensors/${id}`);
      const outputs = [referredEntry({ name: 'x_out', contentType: 'Tensor[FLOAT32; 1]', reference: `s3://sagemaker-captures/${reference}`, mode: 'Output' })];
      s3.objects.set(reference, Buffer.from(bytes)).set(captureKey({ name: id }), Buffer.from(linesText([captureLineOf({ id, inputs: [embeddedTensor(float32Tensor('x', [1], [1]))], outputs })])));
    }
    return { s3, args: ['s3://sagemaker-captures/sme-capture', '--endpoint', s3.endpoint, '--model', join(folder, 'copy.onnx')] };
  }

  test('are replayed as those in a folder', async () => {
    const { args } = await useBucket();
    const { code, stdout } = await fescue('replay', ...args, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ location: 's3://sagemaker-captures/sme-capture', captures: { compared: 2, skipped: 0 }, outputs: [{ maxAbs: 0 }] });
  });

  test('that cannot be read any more end it', async () => {
    const { s3, args } = await useBucket();
    s3.fault = ({ key }) => (key.includes('raw-data') ? { status: 403, code: 'AccessDenied' } : undefined);
    expect(await fescue('replay', ...args, '--json')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^fescue: .*access is denied/) as string });
  });
});
