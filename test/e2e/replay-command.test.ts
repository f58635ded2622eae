import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityModel, onnxModel } from '../../scripts/measure/onnx-model.ts';
import { captureKey, captureLineOf, embeddedTensor, linesText, put } from '../helpers/capture-files.ts';
import { captureAll, float32Tensor, writeCaptures } from '../helpers/replay-captures.ts';
import { replay, replayJson } from '../helpers/run-replay.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const classes = 3;

/** Scores of three classes: a row of two numbers times a matrix. */
function scorer(weights: readonly number[], names = { input: 'x', output: 'y' }): Buffer {
  return onnxModel({
    inputs: [{ name: names.input, type: 'FLOAT32', shape: [1, 2] }],
    outputs: [{ name: names.output, type: 'FLOAT32', shape: [1, classes] }],
    nodes: [{ operator: 'MatMul', inputs: [names.input, 'w'], outputs: [names.output] }],
    weights: [{ name: 'w', shape: [2, classes], values: Float32Array.from(weights) }],
  });
}

const oldWeights = [1, 0, -1, 0, 1, 0];
/** For a first number below 0 another class is the best. */
const newWeights = [1, 0, -0.25, 0, 1, 0];

/** A folder with `old.onnx`, `new.onnx` and `captures` of the old one. */
async function scorerFolder(count: number): Promise<{ folder: string; captures: string; old: string; changed: string }> {
  const folder = await temporaryFolder();
  const [old, changed, captures] = [join(folder, 'old.onnx'), join(folder, 'new.onnx'), join(folder, 'captures')];
  await writeFile(old, scorer(oldWeights));
  await writeFile(changed, scorer(newWeights));
  const inputs = Array.from({ length: count }, (_, index) => [float32Tensor('x', [index % 4 === 0 ? -1 : 1, index % 4 === 0 ? 0.5 : 0.25 + (index % 7) / 100])]);
  await writeCaptures(captures, await captureAll(old, inputs));
  return { folder, captures, old, changed };
}

describe('a thousand captures', () => {
  test('agree with the model they are of, and broken ones are counted', async () => {
    const { captures, old } = await scorerFolder(1_000);
    const [x, y] = [embeddedTensor(float32Tensor('x', [1, 2])), embeddedTensor(float32Tensor('y', [1, 2, 3]), 'Output')];
    const lines = [captureLineOf({ id: 'no-output', inputs: [x] }), captureLineOf({ id: 'wide', inputs: [embeddedTensor(float32Tensor('x', [1, 2, 3]))], outputs: [y] }), captureLineOf({ id: 'short', inputs: [{ ...x, data: 'AAAA' }], outputs: [y] }), captureLineOf({ id: 'lost', inputs: [x], outputs: [{ ...y, encoding: 'NONE', data: undefined, 'data-ref': 'file:///etc/passwd' }] })];
    const broken = await put(captures, captureKey({ name: 'broken' }), `${linesText(lines)}{"deviceFleetInputs": 1}\nno JSON\n`);
    const report = await replayJson(captures, '--model', old);
    expect(report).toMatchObject({ captures: { found: 1_006, compared: 1_000, skipped: 6 }, topOne: { compared: 1_000, agreement: 1, scoreShift: { max: 0 } }, outputs: [{ compared: 1_000, elements: 3_000, maxAbs: 0 }] });
    const skipped = Object.fromEntries(report.skipped.map(({ reason, count, examples }) => [reason, { count, ids: examples.map(({ id }) => id) }]));
    expect(skipped).toEqual({ 'no-outputs': { count: 1, ids: ['no-output'] }, 'inputs-differ': { count: 1, ids: ['wide'] }, 'tensor-unreadable': { count: 2, ids: ['short', 'lost'] }, unreadable: { count: 2, ids: [null, null] } });
    expect(report.skipped.find(({ reason }) => reason === 'unreadable')?.examples.map(({ key, line }) => ({ key, line }))).toEqual([5, 6].map((line) => ({ key: broken.slice(captures.length + 1), line })));
  });

  test.each([['in-process'], ['agent']])('show what a changed model does otherwise, via %s', async (via) => {
    const { captures, changed } = await scorerFolder(1_000);
    const report = await replayJson(captures, '--model', changed, '--via', via, '--changes', '7');
    expect(report.topOne).toMatchObject({ compared: 1_000, agreed: 750, agreement: 0.75, confusion: [{ from: 'class 2', to: 'class 1', count: 250 }] });
    expect(report.topOne?.scoreShift).toMatchObject({ count: 1_000, mean: expect.closeTo(-0.1875, 6) as number, p50: 0, p95: expect.closeTo(0.75, 1) as number, max: 0.75 });
    expect(report.topOne?.changes).toHaveLength(7);
    expect(report.topOne?.changes[0]).toEqual({ id: 'capture-0', key: expect.stringMatching(/\.jsonl$/) as string, line: 1, made: 'tensor', from: { label: 'class 2', captured: 1, now: 0.25 }, to: { label: 'class 1', captured: 0.5, now: 0.5 }, shift: -0.75 });
    expect(report.outputs).toMatchObject([{ name: 'y', maxAbs: 0.75, meanAbs: expect.closeTo(0.25, 6) as number, unlike: 0 }]);
    expect(report.outputs[0]?.worst).toHaveLength(10);
  });

  test('are looked at as far as asked for', async () => {
    const { captures, old } = await scorerFolder(20);
    const other = (await captureAll(old, [[float32Tensor('x', [1, 2])]], () => 'later')).map((capture) => ({ ...capture, model: 'valve', at: '2023-03-14T16:40:00' }));
    await writeCaptures(captures, other, 'two');
    const compared = async (...args: string[]): Promise<number> => (await replayJson(captures, '--model', old, ...args)).captures.found;
    expect(await compared('--limit', '5')).toBe(5);
    expect(await compared('--alias', 'valve')).toBe(1);
    expect(await compared('--id', 'capture-3')).toBe(1);
    expect(await compared('--since', '2023-03-14T16:30')).toBe(1);
    expect(await compared('--until', '2023-03-14T16:30:00Z')).toBe(20);
    expect(await compared('--since', '2024-01-01')).toBe(0);
  });
});

describe('outputs that are not as they were', () => {
  test('are matched by place, and told where type or shape is another', async () => {
    const { folder, captures, old } = await scorerFolder(3);
    const renamed = join(folder, 'renamed.onnx');
    await writeFile(renamed, scorer(oldWeights, { input: 'features', output: 'scores' }));
    expect(await replayJson(captures, '--model', renamed)).toMatchObject({ captures: { compared: 3 }, topOne: { output: 'scores', agreement: 1 }, outputs: [{ name: 'scores', maxAbs: 0 }], mismatches: [] });
    const doubles = { name: 'y', dtype: 'FLOAT64', shape: [1, 3], bytes: new Uint8Array(Float64Array.of(1, 0.25, -1).buffer) } as const;
    const root = await temporaryFolder();
    await writeCaptures(root, [{ id: 'doubles', inputs: [float32Tensor('x', [1, 0.25])], outputs: [doubles] }, { id: 'four', inputs: [float32Tensor('x', [1, 0.25])], outputs: [float32Tensor('y', [1, 0.25, -1, 5])] }]);
    expect(await replayJson(root, '--model', old)).toMatchObject({
      captures: { compared: 2 },
      outputs: [{ compared: 1, maxAbs: 0 }],
      mismatches: [{ captured: 'FLOAT64 [1, 3]', now: 'FLOAT32 [1, 3]', count: 1, examples: [{ id: 'doubles' }] }, { captured: 'FLOAT32 [1, 4]', now: 'FLOAT32 [1, 3]', count: 1, examples: [{ id: 'four' }] }],
      topOne: { compared: 2, agreed: 1 },
    });
  });

  test('are no numbers in any JSON document', async () => {
    const root = await temporaryFolder();
    const model = join(root, 'copy.onnx');
    await writeFile(model, identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]));
    await writeCaptures(root, [{ id: 'nan', inputs: [float32Tensor('x', [Number.NaN, Infinity])], outputs: [float32Tensor('x_out', [1, 2])] }]);
    expect(await replayJson(root, '--model', model)).toMatchObject({ topOne: { changes: [], agreed: 1 }, outputs: [{ unlike: 2, maxAbs: 0, worst: [{ id: 'nan', unlike: 2 }] }] });
  });

  test.each([['in-process'], ['agent']])('do not keep the others from being compared when the model fails on one, via %s', async (via) => {
    const root = await temporaryFolder();
    const model = join(root, 'product.onnx');
    const weights = { name: 'w', shape: [3, 3], values: new Float32Array(9).fill(1) };
    await writeFile(model, onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: ['n', 'm'] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: ['n', 3] }], nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], weights: [weights] }));
    const outputs = [float32Tensor('y', [6, 6, 6])];
    await writeCaptures(root, [{ id: 'two', inputs: [float32Tensor('x', [1, 2])], outputs }, { id: 'three', inputs: [float32Tensor('x', [1, 2, 3])], outputs }]);
    expect(await replayJson(root, '--model', model, '--via', via)).toMatchObject({ captures: { compared: 1, skipped: 1 }, skipped: [{ reason: 'model-failed', examples: [{ id: 'two' }] }], outputs: [{ maxAbs: 0 }] });
  });
});

describe('the report', () => {
  test('is a table, with a page for the browser beside it', async () => {
    const { folder, captures, changed } = await scorerFolder(40);
    const html = join(folder, 'report.html');
    const { code, stdout, stderr } = await replay(captures, '--model', changed, '--html', html, '--changes', '2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^captures +40 in .*\ncaptured of +40 of pump 1\.0\.0\nmodel +new\.onnx, in process\ncompared +40, 40 by captured tensor, 0 by captured image\nskipped +0\ntop-1 agreement +75\.00 % \(30 of 40\)\n/);
    expect(stdout).toMatch(/\ncapture-0 +class 2 +1 +0\.25 +class 1 +0\.5 +0\.5\ncapture-4 .*\n… and 8 more\n/);
    const page = await readFile(html, 'utf8');
    expect(page.match(/<article/g)).toHaveLength(10);
    expect(page).toContain('no picture');
    expect((await readdir(folder)).sort()).toEqual(['captures', 'new.onnx', 'old.onnx', 'report.html']);
  });

  test('shows an input tensor that is like an image, and hostile names as text', async () => {
    const root = await temporaryFolder();
    const model = join(root, 'copy.onnx');
    const image = { name: 'image', type: 'FLOAT32', shape: [1, 3, 2, 2] } as const;
    const names = { name: 'x', type: 'FLOAT32', shape: [1, 2] } as const;
    await writeFile(model, identityModel([names, image]));
    const pixels = { name: 'image', dtype: 'FLOAT32', shape: [1, 3, 2, 2], bytes: new Uint8Array(Float32Array.from({ length: 12 }, (_, index) => index).buffer) } as const;
    await writeCaptures(root, [{ id: '<script>alert(1)</script>\u001b[31m', inputs: [float32Tensor('x', [1, 0]), pixels], outputs: [float32Tensor('x_out', [0, 1])] }]);
    const { stdout } = await replay(root, '--model', model, '--html', join(root, 'report.html'));
    const page = await readFile(join(root, 'report.html'), 'utf8');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script/i);
    expect(page).toMatch(/src="data:image\/webp;base64,[^"]+" width="2" height="2"[^>]*alt="input tensor"/);
    expect(stdout).not.toContain('\u001b');
  });

  test('decides the exit code with --min-agreement', async () => {
    const { captures, changed } = await scorerFolder(4);
    expect(await replay(captures, '--model', changed, '--min-agreement', '0.75', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    expect(await replay(captures, '--model', changed, '--min-agreement', '0.76', '--json')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\{.*\}\n$/) as string, stderr: 'The top-1 agreement is 75.00 %, below --min-agreement 0.76.\n' });
    expect(await replay(captures, '--model', changed, '--min-agreement', '0', '--id', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^No top-1 agreement/) as string });
  });
});
