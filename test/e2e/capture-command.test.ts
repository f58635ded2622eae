import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { captureKey, captureLineOf, embeddedTensor, floats, linesText, put, putHours, referredEntry } from '../helpers/capture-files.ts';
import { fescue, startFescue } from '../helpers/run-command.ts';
import { s3Environment, useS3 } from '../helpers/s3-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const capture = async (...args: string[]): ReturnType<typeof fescue> => fescue('capture', ...args);

/** A folder with a capture that has everything, a second one, and a line that is none. */
async function captureFolder(): Promise<string> {
  const folder = join(await temporaryFolder(), 'capture');
  const key = captureKey();
  const input = await put(folder, `${dirname(key)}/raw-data/input-tensors/a.bin`, floats(...Array.from({ length: 12 }, (_, index) => index / 2)));
  const photo = await put(folder, `${dirname(key)}/raw-data/auxiliary-inputs/a.jpg`, 'a photo');
  const full = captureLineOf({
    id: 'full/1',
    inputs: [referredEntry({ name: 'image', contentType: 'Tensor[FLOAT32; 1, 3, 4]', reference: pathToFileURL(input).href })],
    outputs: [embeddedTensor({ name: 'scores', dtype: 'FLOAT32', shape: [1, 3], bytes: floats(0.25, 0.5, Number.NaN) }, 'Output')],
    auxiliaryInputs: [referredEntry({ name: 'photo', contentType: 'jpg', reference: pathToFileURL(photo).href })],
    auxiliaryOutputs: [{ name: 'boxes, all', mode: 'Output', observedContentType: 'json', encoding: 'JSON', data: '[]' }],
  });
  await put(folder, key, `${linesText([full, captureLineOf({ id: 'bare\u001b[2J', at: '2023-03-14T16:12:00', version: '' })])}broken\n`);
  return folder;
}

const leftOut = /^Left out: sme-capture\/.*\.jsonl, line 3: it is no JSON \(.*\)\n$/;

describe('fescue capture ls', () => {
  test('is a table that a terminal can show, whatever the ids are', async () => {
    const { code, stdout, stderr } = await capture('ls', await captureFolder());
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['time', 'model', 'version', 'id', 'device', 'inputs', 'outputs', 'auxiliary', 'size'],
      ['2023-03-14T16:11:30', 'pump', '1.0.0', 'full/1', 'device', 'FLOAT32[1,3,4]', 'FLOAT32[1,3]', 'photo boxes, all', '62 B or more'],
      ['2023-03-14T16:12:00', 'pump', String.raw`bare\u{1b}[2J`, 'device', '0 B'],
      [''],
    ]);
    expect(stderr).toMatch(leftOut);
  });

  test('is JSON and CSV for programs', async () => {
    const folder = await captureFolder();
    const head = { time: '2023-03-14T16:11:30', device: 'device', fleet: 'fleet', model: 'pump', version: '1.0.0', id: 'full/1', key: captureKey(), line: 1 };
    const json = await capture('ls', folder, '--json');
    expect(json.stdout.split('\n').slice(0, 1).map((line): unknown => JSON.parse(line))).toEqual([{ ...head, inputs: ['FLOAT32[1,3,4]'], outputs: ['FLOAT32[1,3]'], auxiliary: ['photo', 'boxes, all'], bytes: 62, bytesKnown: false }]);
    expect((await capture('ls', folder, '--csv', '--limit', '1')).stdout).toBe(
      `time,model,version,id,device,fleet,inputs,outputs,auxiliary,bytes,bytesKnown,key,line\n2023-03-14T16:11:30,pump,1.0.0,full/1,device,fleet,"FLOAT32[1,3,4]","FLOAT32[1,3]","photo boxes, all",62,false,${captureKey()},1\n`,
    );
  });

  test('takes filters, and says when nothing is left', async () => {
    const folder = await temporaryFolder();
    await putHours(folder, { count: 30 });
    const now = new Date(Date.now() - 60_000).toISOString().slice(0, 19);
    await putHours(folder, { count: 1, model: 'valve', from: now });
    const ids = async (...args: string[]): Promise<string[]> => (await capture('ls', folder, '--csv', ...args)).stdout.trimEnd().split('\n').slice(1).map((row) => row.split(',')[3] ?? '');
    expect(await ids('--since', '2d')).toEqual(['valve-0']);
    expect(await ids('--since', '2023-03-14T02:30', '--until', '2023-03-14T04:30:00Z')).toEqual(['pump-2', 'pump-3']);
    expect(await ids('--model', 'pump', '--limit', '2')).toEqual(['pump-0', 'pump-1']);
    expect(await capture('ls', folder, '--model', 'none')).toEqual({ code: 0, stdout: '', stderr: `${folder} holds no capture that was asked for.\n` });
    expect(await capture('ls', folder, '--id', 'none', '--csv')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^time,.*\n$/) as string });
  });

  test('ends quietly when its reader has seen enough', async () => {
    const folder = await temporaryFolder();
    await put(folder, captureKey(), linesText(Array.from({ length: 5_000 }, (_, index) => captureLineOf({ id: `c${index}` }))));
    const running = startFescue('capture', 'ls', folder, '--json');
    running.process.stdout?.once('data', () => running.process.stdout?.destroy());
    expect(await running.done).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('fescue capture show', () => {
  test('shows everything of a capture', async () => {
    const { code, stdout } = await capture('show', await captureFolder(), 'full/1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^capture +full\/1\ntime +2023-03-14T16:11:30\ndevice +device, fleet fleet\nmodel +pump 1\.0\.0\nobject +sme-capture.*\.jsonl, line 1\n\n/);
    expect(stdout).toMatch(/\ninput +image +FLOAT32 +\[1, 3, 4\] +48 B +0 +5\.5000 +2\.7500 +0 0\.50000 1 .* … \(12\)\n/);
    expect(stdout).toMatch(/\noutput +scores +FLOAT32 +\[1, 3\] +12 B +0\.25000 +0\.50000 +0\.37500 +0\.25000 0\.50000 NaN \(1 not finite\)\n/);
    expect(stdout).toMatch(/\ninput +photo +jpg +7 B\noutput +boxes, all +json +2 B\n$/);
  });

  test('shows every capture with the id, as JSON, and tells what cannot be read of one', async () => {
    const folder = await temporaryFolder();
    for (const model of ['pump', 'valve']) await put(folder, captureKey({ model }), linesText([captureLineOf({ id: 'x', model, inputs: [referredEntry({ name: 'i', contentType: 'Tensor[INT64; 1]', reference: 'file:///etc/hostname' })] })]));
    const { code, stdout } = await capture('show', folder, 'x', '--json');
    expect(code).toBe(1);
    const shown = stdout.trimEnd().split('\n').map((line): unknown => JSON.parse(line));
    expect(shown).toMatchObject(['pump', 'valve'].map((model) => ({ model, inputs: [{ name: 'i', contentType: 'Tensor[INT64; 1]', problem: expect.stringContaining('outside of') as string }] })));
    expect((await capture('show', folder, 'x', '--model', 'pump')).stdout).toMatch(/\ninput +i +Tensor\[INT64; 1\] +sme-capture\/.* refers to file:\/\/\/etc\/hostname, which is outside of/);
  });

  test('says when there is none', async () => {
    const folder = await captureFolder();
    expect(await capture('show', folder, 'no\u001bne')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(String.raw`holds no capture "no\u{1b}ne". fescue capture ls lists those it holds.`) as string });
    expect(await capture('show', join(folder, 'nowhere'), 'x')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: There is nothing at .*nowhere/) as string });
  });
});

describe('fescue capture from S3', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('reads a bucket, and data that was moved into it', async () => {
    for (const [name, value] of Object.entries(s3Environment())) vi.stubEnv(name, value);
    const s3 = await useS3();
    const beside = `${dirname(captureKey())}/raw-data/auxiliary-inputs/a.jpg`;
    s3.objects.set(beside, Buffer.from('a photo')).set(captureKey(), Buffer.from(linesText([captureLineOf({ id: 'x', auxiliaryInputs: [referredEntry({ name: 'photo', contentType: 'jpg', reference: `file:///work/capture/${beside}` })] })])));
    const location = ['s3://sagemaker-captures/sme-capture', '--endpoint', s3.endpoint];
    expect((await capture('ls', ...location)).stdout).toMatch(/\n2023-03-14T16:11:30 +pump +1\.0\.0 +x +device +photo +0 B or more\n$/);
    expect((await capture('show', ...location, 'x')).stdout).toMatch(/\ninput +photo +jpg +7 B\n$/);
    s3.fault = () => ({ status: 403, code: 'AccessDenied' });
    expect(await capture('ls', ...location)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^fescue: s3:\/\/sagemaker-captures\/sme-capture cannot be read: access is denied\..*s3:ListBucket/) as string });
  });
});

test.each([
  [['ls']],
  [['ls', '.', '--since', 'yesterday']],
  [['ls', '.', '--limit', '0']],
  [['ls', '.', '--json', '--csv']],
  [['show', '.']],
  [['export', '.']],
  [['export', '.', '--out', 'x', '--format', 'xml']],
  [['export', '.', '--out', 'x', '--labels', 'y']],
  [['nonsense']],
])('fescue capture %j is bad usage', async (args) => {
  const { code, stdout, stderr } = await capture(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: /);
});

test.each([[[]], [['ls']], [['show']], [['export']]])('fescue capture %j --help has examples', async (args) => {
  const { code, stdout } = await capture(...args, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Examples:\n/);
});
