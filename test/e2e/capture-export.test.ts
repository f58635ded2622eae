import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readNpy } from '../../scripts/commands/npy.ts';
import { captureKey, captureLineOf, embeddedTensor, floats, linesText, put, putHours, referredEntry } from '../helpers/capture-files.ts';
import { withFileLimit } from '../helpers/file-limit.ts';
import { fescue, startFescue } from '../helpers/run-command.ts';
import { s3Environment, useS3 } from '../helpers/s3-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

type Folders = { folder: string; out: string };

/** Two captures: one with data elsewhere, and one whose names lead elsewhere. */
async function captureFolder(): Promise<Folders> {
  const root = await temporaryFolder();
  const folder = join(root, 'capture');
  const beside = async (path: string, content: string | Uint8Array): Promise<string> => pathToFileURL(await put(folder, `${dirname(captureKey())}/raw-data/${path}`, content)).href;
  const first = captureLineOf({
    id: 'first',
    inputs: [referredEntry({ name: 'image', contentType: 'Tensor[FLOAT32; 2, 2]', reference: await beside('input-tensors/a.bin', floats(1, 2, 3, 4)) })],
    outputs: [embeddedTensor({ name: 'logits', dtype: 'FLOAT32', shape: [3], bytes: floats(1, 3, 2) }, 'Output')],
    auxiliaryInputs: [referredEntry({ name: 'photo', contentType: 'jpg', reference: await beside('auxiliary-inputs/a.jpg', 'a photo') })],
  });
  const second = captureLineOf({
    id: '../../second',
    version: '',
    outputs: [embeddedTensor({ name: '../../out', dtype: 'INT64', shape: [], bytes: new Uint8Array(BigInt64Array.of(-7n).buffer) }, 'Output')],
    auxiliaryInputs: [{ name: '/etc/capture.json', mode: 'Input', observedContentType: 'json', encoding: 'JSON', data: '{}' }],
  });
  await put(folder, captureKey(), linesText([first, second]));
  return { folder, out: join(root, 'out') };
}

const exportTo = async ({ folder, out }: Folders, ...args: string[]): ReturnType<typeof fescue> => fescue('capture', 'export', folder, '--out', out, ...args);

async function filesBelow(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).toSorted();
}

describe('fescue capture export', () => {
  test('writes NumPy files, into folders that ids cannot lead out of', async () => {
    const folders = await captureFolder();
    expect(await exportTo(folders)).toEqual({ code: 0, stdout: `captures  2\nformat    npy\nfolder    ${folders.out}\n`, stderr: '' });
    const files = await filesBelow(folders.out);
    const [first = '', second = ''] = await readdir(folders.out);
    expect([first, second]).toEqual([expect.stringMatching(/^first-[0-9a-f]{8}$/), expect.stringMatching(/^second-[0-9a-f]{8}$/)]);
    expect(files).toEqual([...['capture.json', 'image.npy', 'logits.npy', 'photo.jpg'].map((file) => `${first}/${file}`), ...['capture.json', 'etc-capture.json', 'out.npy'].map((file) => `${second}/${file}`)]);
    expect(await readNpy(join(folders.out, first, 'image.npy'))).toEqual({ dtype: 'FLOAT32', shape: [2, 2], bytes: Buffer.from(floats(1, 2, 3, 4)) });
    expect(await readNpy(join(folders.out, second, 'out.npy'))).toMatchObject({ dtype: 'INT64', shape: [] });
    expect(await readFile(join(folders.out, first, 'photo.jpg'), 'utf8')).toBe('a photo');
    expect(JSON.parse(await readFile(join(folders.out, first, 'capture.json'), 'utf8'))).toEqual({
      ...captureLineOf({ id: 'first' }).eventMetadata,
      inputs: [{ name: 'image', contentType: 'Tensor[FLOAT32; 2, 2]', file: 'image.npy' }],
      outputs: [{ name: 'logits', contentType: 'Tensor[FLOAT32; 3]', file: 'logits.npy' }],
      auxiliaryInputs: [{ name: 'photo', contentType: 'jpg', file: 'photo.jpg' }],
      auxiliaryOutputs: [],
      source: { key: captureKey(), line: 1 },
    });
  });

  test('writes lines that need nothing else', async () => {
    const folders = await captureFolder();
    const details = async (folder: string): Promise<object> => ({ ...(JSON.parse((await fescue('capture', 'show', folder, 'first', '--json')).stdout) as object), key: '' });
    const before = await details(folders.folder);
    expect(await exportTo(folders, '--format', 'json', '--json')).toMatchObject({ code: 0, stdout: `${JSON.stringify({ out: folders.out, format: 'json', captures: 2, leftOut: 0 })}\n` });
    await rm(folders.folder, { recursive: true });
    expect(await filesBelow(folders.out)).toEqual(['captures.jsonl']);
    expect(await details(folders.out)).toEqual(before);
  });

  test('writes a table', async () => {
    const folders = await captureFolder();
    expect(await exportTo(folders, '--format', 'csv')).toMatchObject({ code: 0 });
    expect(await readFile(join(folders.out, 'captures.csv'), 'utf8')).toBe(
      [
        'time,device,fleet,model,version,id,key,line,inputs,outputs,auxiliary,output,count,min,max,mean,top_index,top_value',
        `2023-03-14T16:11:30,device,fleet,pump,1.0.0,first,${captureKey()},1,"FLOAT32[2,2]",FLOAT32[3],photo,logits,3,1,3,2,1,3`,
        `2023-03-14T16:11:30,device,fleet,pump,,../../second,${captureKey()},2,,INT64[],/etc/capture.json,../../out,1,-7,-7,-7,0,-7`,
        '',
      ].join('\n'),
    );
  });

  test('writes a manifest of images, here and in S3', async () => {
    const folders = await captureFolder();
    const reference = 's3://bucket/sme-capture/photo.png';
    const scores = embeddedTensor({ name: 'scores', dtype: 'FLOAT32', shape: [2], bytes: floats(0.75, 0.25) }, 'Output');
    await put(folders.folder, captureKey({ model: 'valve' }), linesText([captureLineOf({ id: 'third', model: 'valve', outputs: [scores], auxiliaryInputs: [referredEntry({ name: 'photo', contentType: 'image/png', reference })] })]));
    const labels = join(dirname(folders.out), 'labels.txt');
    await writeFile(labels, 'good\r\nbad\r\n');
    const { code, stderr } = await exportTo(folders, '--format', 'manifest', '--labels', labels);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Left out: sme-capture\/.*\.jsonl, line 2: It has no image: none of its auxiliary inputs has one of the content types jpg, /);
    const lines = (await readFile(join(folders.out, 'manifest.jsonl'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const common = { type: 'groundtruth/image-classification', 'human-annotated': 'no', 'creation-date': '2023-03-14T16:11:30' };
    // The softmax of 1, 3 and 2.
    const confidence = expect.closeTo(0.66524, 5) as number;
    expect(lines).toEqual([
      { 'source-ref': expect.stringMatching(/^images\/first-[0-9a-f]{8}\.jpg$/) as string, pump: 1, 'pump-metadata': { ...common, 'class-name': 'bad', confidence, 'job-name': 'pump-1.0.0', 'capture-id': 'first' } },
      { 'source-ref': reference, valve: 0, 'valve-metadata': { ...common, 'class-name': 'good', confidence: 0.75, 'job-name': 'valve-1.0.0', 'capture-id': 'third' } },
    ]);
    expect(await readFile(join(folders.out, String(lines[0]?.['source-ref'])), 'utf8')).toBe('a photo');
  });

  test('leaves out what it cannot write, and nothing of it behind', async () => {
    const folders = await captureFolder();
    const bad = { 'of another size': embeddedTensor({ name: 'x', dtype: 'FLOAT32', shape: [9], bytes: floats(1) }), 'of an unknown type': referredEntry({ name: 'x', contentType: 'Tensor[WORD; 1]', reference: 'file:///raw-data/x' }), gone: referredEntry({ name: 'x', contentType: 'jpg', reference: `file://${folders.folder}/gone` }) };
    await put(folders.folder, captureKey({ name: 'bad' }), linesText(Object.entries(bad).map(([id, input]) => captureLineOf({ id, inputs: [embeddedTensor({ name: 'good', dtype: 'UINT8', shape: [], bytes: Uint8Array.of(1) }), input] }))));
    const { code, stdout, stderr } = await exportTo(folders);
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/^captures +2\nleft out +3\n/) as string });
    expect(stderr.split('\n').map((line) => line.replace(/^Left out: .*, line /, ''))).toEqual(['1: Tensor "x" has 4 bytes; Tensor[FLOAT32; 9] takes 36.', expect.stringMatching(/^2: .*outside of/), expect.stringMatching(/^3: .*gone, which is not there/), '']);
    expect((await readdir(folders.out)).map((name) => name.slice(0, -9))).toEqual(['first', 'second']);
  });

  test('needs an empty folder, or --force, which follows no links of files', async () => {
    const folders = await captureFolder();
    await mkdir(folders.out);
    const mine = join(folders.out, 'mine');
    await writeFile(mine, 'mine');
    expect(await exportTo(folders, '--format', 'csv')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^fescue: .*out is not empty\..*--force\.\n$/) as string });
    await symlink(mine, join(folders.out, 'captures.csv'));
    for (let run = 0; run < 2; run += 1) expect(await exportTo(folders, '--format', 'csv', '--force')).toMatchObject({ code: 0 });
    expect(await filesBelow(folders.out)).toEqual(['captures.csv', 'mine']);
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect(await exportTo({ ...folders, out: mine })).toMatchObject({ code: 1, stderr: expect.stringContaining('there is a file at that path') as string });
    expect(await exportTo({ ...folders, out: join(folders.folder, 'out') })).toMatchObject({ code: 1, stderr: expect.stringContaining('would be found as captured data') as string });
  });

  test('takes filters, and writes an empty result when nothing is found', async () => {
    const folders = await captureFolder();
    await putHours(folders.folder, { count: 5, model: 'valve' });
    expect((await exportTo(folders, '--model', 'valve', '--limit', '3', '--json')).stdout).toContain('"captures":3');
    expect(await exportTo({ ...folders, out: `${folders.out}2` }, '--id', 'none', '--format', 'json')).toMatchObject({ code: 0, stderr: `${folders.folder} holds no capture that was asked for.\n` });
    expect(await filesBelow(`${folders.out}2`)).toEqual(['captures.jsonl']);
  });

  test('leaves nothing on a full disk', async () => {
    const folders = await captureFolder();
    await put(folders.folder, captureKey({ name: 'z' }), linesText([captureLineOf({ id: 'large', inputs: [embeddedTensor({ name: 'x', dtype: 'UINT8', shape: [100_000], bytes: new Uint8Array(100_000) })] })]));
    for (const format of ['npy', 'json']) {
      const [program, ...args] = withFileLimit(50_000, [process.execPath, resolve('scripts/fescue.mjs'), 'capture', 'export', folders.folder, '--out', folders.out, '--format', format]);
      const stderr = await new Promise<string>((done) => void execFile(program, args, (_, _stdout, text) => done(text)));
      expect(stderr).toMatch(/^fescue: There is no room to write below .*out: EFBIG/);
      expect(await readdir(folders.out)).toEqual([]);
    }
    await rename(folders.folder, `${folders.folder}-moved`);
    expect((await exportTo({ ...folders, folder: `${folders.folder}-moved` })).stdout).toMatch(/^captures +3\n/);
  });
});

describe('fescue capture export from S3', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('leaves nothing when it is interrupted while the server is silent', async () => {
    for (const [name, value] of Object.entries(s3Environment())) vi.stubEnv(name, value);
    const s3 = await useS3();
    const out = join(await temporaryFolder(), 'out');
    s3.objects.set(captureKey(), Buffer.from(linesText([captureLineOf({ id: 'a' }), captureLineOf({ id: 'b', inputs: [referredEntry({ name: 'x', contentType: 'jpg', reference: 's3://sagemaker-captures/silent' })] })])));
    const silent = Promise.withResolvers<void>();
    s3.fault = ({ key }) => {
      if (key !== 'silent') return undefined;
      silent.resolve();
      return 'hang';
    };
    const running = startFescue('capture', 'export', 's3://sagemaker-captures', '--endpoint', s3.endpoint, '--out', out);
    await silent.promise;
    const exited = once(running.process, 'exit');
    running.process.kill('SIGINT');
    await exited;
    expect(await running.done).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^Stopping …\nfescue: .*interrupted/i) as string });
    expect(await readdir(out)).toEqual([]);
  });
});
