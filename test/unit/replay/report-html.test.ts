import { createHash } from 'node:crypto';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../../components/common/tensor.ts';
import { html } from '../../../scripts/html/html.ts';
import { pictureOfImage, pictureOfTensor } from '../../../scripts/replay/picture.ts';
import { htmlReport } from '../../../scripts/replay/report-html.ts';
import type { Change, Report } from '../../../scripts/replay/report.ts';
import { replayText } from '../../../scripts/commands/replay-text.ts';

const change: Change = { id: 'one', key: 'a/b.jsonl', line: 3, made: 'tensor', from: { label: 'cat', captured: 0.75, now: 0.125 }, to: { label: 'dog', captured: 0.2, now: 0.8 }, shift: -0.625 };

/** A report in which every text is `text`. */
function reportOf(text: string): Report {
  const where = { id: text, key: text, line: 1 };
  const difference = { elements: 3, maxAbs: 0.5, meanAbs: 0.25, unlike: 1 };
  return {
    fescue: '0.1.0',
    location: text,
    model: { path: text, name: text, version: text },
    capturedWith: { path: text, name: text, version: null },
    via: 'in-process',
    captures: { found: 4, compared: 3, skipped: 1, fromTensor: 2, fromImage: 1 },
    capturedModels: [{ name: text, version: text, count: 3 }],
    skipped: [{ reason: 'unreadable', count: 1, examples: [{ ...where, detail: text }] }],
    topOne: { output: text, compared: 3, agreed: 2, agreement: 2 / 3, scoreShift: { count: 3, mean: -0.1, p50: 0.1, p95: 0.6, max: 0.625 }, changes: [changeOf(text)], confusion: [{ from: text, to: text, count: 1 }, { from: text, to: null, count: 1 }] },
    outputs: [{ name: text, compared: 3, ...difference, worst: [{ ...where, ...difference }] }],
    mismatches: [{ output: text, captured: text, now: text, count: 1, examples: [where] }],
    notes: [text],
  };
}

function changeOf(text: string): Change {
  return { ...change, id: text, key: text, from: { ...change.from, label: text }, to: { label: text, captured: null, now: 12 } };
}

function pageOf(text: string): string {
  return htmlReport(reportOf(text), [{ change: changeOf(text), picture: undefined }, { change: { ...changeOf(text), to: null }, picture: undefined }]);
}

/** The tags of a page, attributes and all. */
const tagsOf = (page: string): string[] => page.match(/<[^>]*>/g) ?? [];

const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onload='alert(1)", '</style><script>', '<!--', ']]>', '&lt;b&gt;', '\u202egnp.exe', 'a\u0000b\u001b[31m', '`${1}`'];

test('a template escapes what is no HTML itself', () => {
  const text = `&<>"'`;
  const inner = html`<i>${text}</i>`;
  expect(html`<p title="${text}">${inner}${[inner, inner]}${7}</p>`.text).toBe(`<p title="&amp;&lt;&gt;&quot;&#39;">${'<i>&amp;&lt;&gt;&quot;&#39;</i>'.repeat(3)}7</p>`);
});

describe('the HTML report', () => {
  test.each(hostile)('shows %j as text', (text) => {
    expect(tagsOf(pageOf(text)).map((tag) => tag.replace(/title="[^"]*"/, 'title=""'))).toEqual(tagsOf(pageOf('text')).map((tag) => tag.replace(/title="[^"]*"/, 'title=""')));
  });

  test('has the same tags whatever the text', () => {
    const usual = tagsOf(pageOf('text')).length;
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => tagsOf(pageOf(text)).length === usual));
  });

  test('shows no character that turns text around or controls anything', () => {
    const page = pageOf(hostile.join(''));
    expect(page.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(page).toContain('\u{fffd}gnp.exe');
  });

  test('loads and runs nothing: its policy names its style, and nothing else is in it', () => {
    const page = pageOf('text');
    const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? '';
    expect(page).toContain(html`content="${`default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`}"`.text);
    expect(tagsOf(page).filter((tag) => /^<(?:script|link|iframe|object|form|base)|\s(?:on\w+|style|href|srcset)=|url\(/i.test(tag))).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
  });

  test('tells what changed, with its scores and its picture', async () => {
    const picture = await pictureOfImage(await sharp({ create: { width: 640, height: 320, channels: 3, background: 'red' } }).png().toBuffer());
    const page = htmlReport(reportOf('text'), [{ change, picture }]);
    for (const shown of ['66.66 %', '2 of 3', 'cat', 'dog', '0.75', '0.125', 'width="75.0%"', 'width="12.5%"', 'title="a/b.jsonl:3"', 'alt="captured image"', 'width="320" height="160"', 'src="data:image/webp;base64,']) expect(page).toContain(shown);
    expect(htmlReport(reportOf('text'), [{ change, picture: undefined }])).toContain('no picture');
  });

  test('says that nothing changed, and leaves out what there is not', () => {
    const report = reportOf('text');
    const page = htmlReport({ ...report, topOne: { ...(report.topOne as NonNullable<Report['topOne']>), agreed: 3, agreement: 1, changes: [], confusion: [] }, skipped: [], mismatches: [], notes: [] }, []);
    expect(page).toContain('every capture has the label it had');
    for (const title of ['Most frequent changes', 'Skipped', 'Other types or shapes']) expect(page).not.toContain(title);
    expect(htmlReport({ ...report, topOne: null }, [])).not.toContain('agreement');
  });
});

describe('a picture', () => {
  const tensorOf = (shape: readonly number[], values: readonly number[]): Tensor => ({ name: 'x', dtype: 'FLOAT32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) });

  async function pixelsOf(tensor: Tensor): Promise<number[]> {
    const { uri = '' } = (await pictureOfTensor(tensor)) ?? {};
    return [...(await sharp(Buffer.from(uri.split(',')[1] ?? '', 'base64')).resize(1, 1).raw().toBuffer())];
  }

  test.each([
    ['planes', [1, 3, 2, 2], [1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1]],
    ['pixels', [1, 2, 2, 3], [1, -1, -1, 1, -1, -1, 1, -1, -1, 1, -1, -1]],
    ['planes with what is no number', [1, 3, 1, 2], [1, Infinity, -1, Number.NaN, -1, -Infinity]],
  ])('of a tensor of %s is bright where that is large', async (_, shape, values) => {
    const [red = 0, green = 255, blue = 255] = await pixelsOf(tensorOf(shape, values));
    expect(red).toBeGreaterThan(200);
    expect(Math.max(green, blue)).toBeLessThan(60);
  });

  test('of a tensor without contrast is grey', async () => {
    for (const pixel of await pixelsOf(tensorOf([1, 1, 1, 3], [7, 7, 7]))) expect(Math.abs(pixel - 128)).toBeLessThan(8);
  });

  test.each([[[1, 1000]], [[3, 4, 4]], [[2, 3, 4, 4]], [[1, 1, 4, 4]], [[1, 3, 0, 4]], [[1, 3, 10_000, 1]], [[]]])('is none of a tensor of shape %j', async (shape) => {
    expect(await pictureOfTensor({ name: 'x', dtype: 'UINT8', shape, bytes: new Uint8Array(shape.reduce((a, b) => a * b, 1)) })).toBeUndefined();
  });

  test('is small, and none of what is no image', async () => {
    const picture = await pictureOfImage(await sharp({ create: { width: 3000, height: 2000, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 128, sigma: 30 } } }).jpeg().toBuffer());
    expect(picture).toMatchObject({ of: 'image', width: 320, height: 213 });
    expect(picture?.uri.length).toBeLessThan(60_000);
    expect(await pictureOfImage(Buffer.from('no image'))).toBeUndefined();
  });
});

describe('the report as text', () => {
  test.each(hostile)('shows no control character of %j', (text) => {
    expect(replayText(reportOf(text)).replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  test('keeps a capture to its line', () => {
    expect(replayText(reportOf('a\nb')).split('\n').length).toBe(replayText(reportOf('a')).split('\n').length);
  });

  test('tells what was found', () => {
    const text = replayText({ ...reportOf('it'), topOne: { ...(reportOf('it').topOne as NonNullable<Report['topOne']>), changes: [change] } });
    for (const shown of [/^captures +4 in it$/m, /^compared +3, 2 by captured tensor, 1 by captured image$/m, /^top-1 agreement +66\.66 % \(2 of 3\)$/m, /^score shift +mean -0\.1; magnitude p50 0\.1, p95 0\.6, max 0\.625$/m, /^one +cat +0\.75 +0\.125 +dog +0\.2 +0\.8$/m, /^it +3 +0\.5 +0\.25 +1$/m, /^- it$/m]) expect(text).toMatch(shown);
  });
});
