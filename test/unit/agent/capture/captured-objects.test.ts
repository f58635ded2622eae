import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuxiliaryPart, CaptureDescription, StoredCapture, TensorPart } from '../../../../components/agent/capture/capture-record.ts';
import { linesObject, objectsOf, type CaptureObject } from '../../../../components/agent/capture/captured-objects.ts';
import { hourOf, parseCaptureLine, parseTensorContentType, type CaptureEntry, type CaptureLine } from '../../../../components/common/capture-format.ts';
import { dataTypes, elementBytes, elementCount } from '../../../../components/common/tensor.ts';
import { encodings, type Encoding } from '../../../../components/common/wire.ts';

const origin = { prefix: 'sme-capture', fleet: 'line-2', device: 'camera-7' };
const uid = '0123456789abcdef0123456789abcdef';
const atMs = Date.UTC(2023, 2, 14, 16, 11, 30, 999);
const hourKey = 'sme-capture/line-2/classifier/2023/03/14/16';

type TensorData = Omit<TensorPart, 'bytes'> & { content: Buffer };
type AuxiliaryData = Omit<AuxiliaryPart, 'bytes'> & { content: Buffer };
type Parts = { inputs?: TensorData[]; outputs?: TensorData[]; auxiliaryInputs?: AuxiliaryData[]; auxiliaryOutputs?: AuxiliaryData[] };
type Made = { line: CaptureLine; objects: readonly CaptureObject[]; text: string };

/** What becomes of a capture of these parts. */
function made({ inputs = [], outputs = [], auxiliaryInputs = [], auxiliaryOutputs = [] }: Parts, { embedLimit = 3_072, ...changes }: Partial<CaptureDescription> & { embedLimit?: number } = {}): Made {
  const withBytes = <Data extends { content: Buffer }>({ content, ...part }: Data): Omit<Data, 'content'> & { bytes: number } => ({ ...part, bytes: content.length });
  const description: CaptureDescription = {
    id: 'one',
    uid,
    model: 'classifier',
    version: '1.2.0',
    atMs,
    inputs: inputs.map(withBytes),
    outputs: outputs.map(withBytes),
    auxiliaryInputs: auxiliaryInputs.map(withBytes),
    auxiliaryOutputs: auxiliaryOutputs.map(withBytes),
    ...changes,
  };
  const capture: StoredCapture = { description, payload: Buffer.concat([...inputs, ...outputs, ...auxiliaryInputs, ...auxiliaryOutputs].map(({ content }) => content)) };
  const { line: text, objects } = objectsOf(capture, { origin, embedLimit, urlOf: (key) => `s3://bucket/${key}` });
  return { line: parseCaptureLine(text), objects, text };
}

function tensor(content: Buffer, name = 'x'): TensorData {
  return { name, dtype: 'UINT8', shape: [content.length], content };
}

function auxiliary(encoding: Encoding, content: string | Buffer, name = 'data'): AuxiliaryData {
  return { name, encoding, content: Buffer.from(content) };
}

/** What an entry holds, in the line or in its object. */
function contentOf(entry: CaptureEntry | undefined, objects: readonly CaptureObject[]): Buffer | undefined {
  if (entry?.data !== undefined) return Buffer.from(entry.data, entry.encoding === 'BASE64' ? 'base64' : 'utf8');
  const object = objects.find(({ key }) => `s3://bucket/${key}` === entry?.['data-ref']);
  return object === undefined ? undefined : Buffer.from(object.body);
}

test('a line has the keys of the original, and nothing else', () => {
  const { line, text } = made({ inputs: [tensor(Buffer.of(1, 2))], outputs: [{ name: 'y', dtype: 'FLOAT32', shape: [1, 1], content: Buffer.from(Float32Array.of(0.5).buffer) }] });
  expect(JSON.parse(text)).toEqual(line);
  expect(text).not.toContain('\n');
  expect(line).toEqual({
    deviceFleetInputs: [{ name: 'x', mode: 'Input', observedContentType: 'Tensor[UINT8; 2]', encoding: 'BASE64', data: 'AQI=' }],
    deviceFleetOutputs: [{ name: 'y', mode: 'Output', observedContentType: 'Tensor[FLOAT32; 1, 1]', encoding: 'BASE64', data: 'AAAAPw==' }],
    deviceFleetAuxiliaryInputs: [],
    deviceFleetAuxiliaryOutputs: [],
    eventMetadata: { deviceFleetName: 'line-2', deviceId: 'camera-7', eventId: 'one', inferenceTime: '2023-03-14T16:11:30', modelName: 'classifier', modelVersion: '1.2.0' },
    eventVersion: '0',
  });
});

test.each(dataTypes)('a tensor of %s is in the line as its own bytes, with its type and shape', (dtype) => {
  const content = Buffer.from(Array.from({ length: 6 * elementBytes[dtype] }, (_, index) => 255 - index));
  const { line, objects } = made({ inputs: [{ name: 'x', dtype, shape: [1, 2, 3], content }] });
  const [entry] = line.deviceFleetInputs;
  expect(parseTensorContentType(entry?.observedContentType ?? '')).toEqual({ dtype, word: dtype, shape: [1, 2, 3] });
  expect(/^Tensor\[(\w+); (\d+), (\d+), (\d+)\]$/.test(entry?.observedContentType ?? '')).toBe(true);
  expect([contentOf(entry, objects)?.equals(content), objects.length]).toEqual([true, 0]);
});

test.each([
  ['a scalar', [], 4, 'Tensor[FLOAT32; ]'],
  ['an empty tensor', [0, 3], 0, 'Tensor[FLOAT32; 0, 3]'],
])('%s', (_, shape, bytes, type) => {
  const { line, objects } = made({ outputs: [{ name: 'y', dtype: 'FLOAT32', shape, content: Buffer.alloc(bytes, 1) }] });
  expect(line.deviceFleetOutputs[0]).toMatchObject({ observedContentType: type, encoding: 'BASE64', data: Buffer.alloc(bytes, 1).toString('base64') });
  expect([objects.length, parseTensorContentType(type)?.shape]).toEqual([0, shape]);
});

describe('the embed limit', () => {
  test.each([
    [3_072, 3_072, 0],
    [3_072, 3_073, 1],
    [10, 10, 0],
    [10, 11, 1],
    [0, 0, 0],
    [0, 1, 1],
  ])('%d with %d bytes makes %d objects', (embedLimit, bytes, count) => {
    const content = Buffer.alloc(bytes, 5);
    const { line, objects } = made({ inputs: [tensor(content)], auxiliaryOutputs: [auxiliary('NONE', content)] }, { embedLimit });
    expect(objects).toHaveLength(2 * count);
    for (const entry of [line.deviceFleetInputs[0], line.deviceFleetAuxiliaryOutputs[0]]) {
      expect(entry?.encoding).toBe(count === 0 ? 'BASE64' : 'NONE');
      expect([entry?.data === undefined, entry?.['data-ref'] === undefined]).toEqual([count > 0, count === 0]);
      expect(contentOf(entry, objects)?.equals(content)).toBe(true);
    }
  });

  test('leaves small parts of a capture in its line', () => {
    const { line, objects } = made({ inputs: [tensor(Buffer.alloc(20)), tensor(Buffer.alloc(5), 'y')] }, { embedLimit: 10 });
    expect(line.deviceFleetInputs.map(({ encoding }) => encoding)).toEqual(['NONE', 'BASE64']);
    expect(objects.map(({ key }) => key)).toEqual([`${hourKey}/raw-data/input-tensors/${uid}-0`]);
  });
});

describe('auxiliary data', () => {
  const invalidText = Buffer.of(0x7b, 0xff, 0x7d);
  const rows: [string, AuxiliaryData, Partial<CaptureEntry>, Buffer][] = [
    ['JSON', auxiliary('JSON', '{"é": "\u2028"}\n'), { encoding: 'JSON', data: '{"é": "\u2028"}\n' }, Buffer.from('{"é": "\u2028"}\n')],
    ['JSON with a byte order mark', auxiliary('JSON', '\ufeff1'), { encoding: 'JSON', data: '\ufeff1' }, Buffer.from('\ufeff1')],
    ['JSON that is no UTF-8', auxiliary('JSON', invalidText), { encoding: 'BASE64', data: invalidText.toString('base64') }, invalidText],
    ['CSV', auxiliary('CSV', 'a,b\r\n1,"2"\r\n'), { encoding: 'CSV', data: 'a,b\r\n1,"2"\r\n' }, Buffer.from('a,b\r\n1,"2"\r\n')],
    ['CSV that is no UTF-8', auxiliary('CSV', invalidText), { encoding: 'BASE64', data: invalidText.toString('base64') }, invalidText],
    ['bytes', auxiliary('NONE', Buffer.of(0, 255)), { encoding: 'BASE64', data: 'AP8=' }, Buffer.of(0, 255)],
    ['base64', auxiliary('BASE64', 'AP8='), { encoding: 'BASE64', data: 'AP8=' }, Buffer.of(0, 255)],
    ['base64 without its padding', auxiliary('BASE64', 'AP8'), { encoding: 'BASE64', data: Buffer.from('AP8').toString('base64') }, Buffer.from('AP8')],
    ['what is called base64 and is none', auxiliary('BASE64', 'no, it is not'), { encoding: 'BASE64', data: Buffer.from('no, it is not').toString('base64') }, Buffer.from('no, it is not')],
  ];

  test.each(rows)('%s in the line', (_, part, expected, content) => {
    const { line, objects } = made({ auxiliaryInputs: [part] });
    expect(line.deviceFleetAuxiliaryInputs).toEqual([{ name: 'data', mode: 'Input', observedContentType: expect.any(String) as string, ...expected }]);
    expect(contentOf(line.deviceFleetAuxiliaryInputs[0], objects)?.equals(content)).toBe(true);
  });

  test.each(rows)('%s as an object', (_, part, __, content) => {
    const { line, objects } = made({ auxiliaryOutputs: [part] }, { embedLimit: 0 });
    expect(line.deviceFleetAuxiliaryOutputs[0]).toMatchObject({ name: 'data', mode: 'Output', encoding: 'NONE' });
    expect(contentOf(line.deviceFleetAuxiliaryOutputs[0], objects)?.equals(content)).toBe(true);
  });

  test.each<[string, Encoding, string, string]>([
    ['jpg', 'NONE', 'jpg', '.jpg'],
    ['door.JPG', 'NONE', 'jpg', '.jpg'],
    ['a.b.png', 'BASE64', 'png', '.png'],
    ['settings', 'JSON', 'json', '.json'],
    ['table', 'CSV', 'csv', '.csv'],
    ['table.tsv', 'CSV', 'tsv', '.tsv'],
    ['a picture of the door', 'NONE', 'a picture of the door', ''],
    ['', 'NONE', '', ''],
    ['../../etc/passwd', 'NONE', '../../etc/passwd', ''],
    ['x.jpg/..', 'NONE', 'x.jpg/..', ''],
    ['evil.tar/gz', 'NONE', 'evil.tar/gz', ''],
    ['a.\n', 'NONE', 'a.\n', ''],
  ])('named %j, of encoding %s, is of type %j', (name, encoding, type, extension) => {
    const { line, objects } = made({ auxiliaryInputs: [auxiliary(encoding, 'content', name)] }, { embedLimit: 0 });
    expect(line.deviceFleetAuxiliaryInputs[0]).toMatchObject({ name, observedContentType: type });
    expect(objects[0]?.key).toBe(`${hourKey}/raw-data/auxiliary-inputs/${uid}-0${extension}`);
  });
});

test('every part has an object of its own, in the order of the parts', () => {
  const content = (value: number): Buffer => Buffer.alloc(4, value);
  const { objects } = made({ inputs: [tensor(content(1)), tensor(content(2))], outputs: [tensor(content(3))], auxiliaryInputs: [auxiliary('NONE', content(4), 'jpg')], auxiliaryOutputs: [auxiliary('NONE', content(5), 'jpg')] }, { embedLimit: 0 });
  expect(objects.map(({ key, body }) => [key.slice(hourKey.length + '/raw-data/'.length), body[0]])).toEqual([
    [`input-tensors/${uid}-0`, 1],
    [`input-tensors/${uid}-1`, 2],
    [`output-tensors/${uid}-0`, 3],
    [`auxiliary-inputs/${uid}-0.jpg`, 4],
    [`auxiliary-outputs/${uid}-0.jpg`, 5],
  ]);
});

test.each([
  [Date.UTC(2023, 2, 14, 16, 59, 59, 999), '2023/03/14/16', '2023-03-14T16:59:59'],
  [Date.UTC(2023, 11, 31, 23, 59, 59, 999), '2023/12/31/23', '2023-12-31T23:59:59'],
  [Date.UTC(2024, 0, 1), '2024/01/01/00', '2024-01-01T00:00:00'],
  [Date.UTC(2024, 1, 29, 5), '2024/02/29/05', '2024-02-29T05:00:00'],
  [0, '1970/01/01/00', '1970-01-01T00:00:00'],
])('%d is in the folder %s', (moment, folder, time) => {
  const { line, objects } = made({ inputs: [tensor(Buffer.of(1))] }, { atMs: moment, embedLimit: 0 });
  expect(objects[0]?.key).toBe(`sme-capture/line-2/classifier/${folder}/raw-data/input-tensors/${uid}-0`);
  expect(line.eventMetadata.inferenceTime).toBe(time);
  expect(linesObject(['{}', '{}'], { id: 'b', model: 'classifier', hour: hourOf(moment) }, origin)).toEqual({ key: `sme-capture/line-2/classifier/${folder}/b.jsonl`, body: Buffer.from('{}\n{}\n'), contentType: 'application/x-ndjson' });
});

test.each(['a/b', '../../x', '/etc/passwd', 'line\nfeed', '\u2028\0\u{1f98a}', '"quoted"', '\u{1f98a}'.repeat(256), 'x'.repeat(1_024)])('the capture id %j is in the line, and in no key', (id) => {
  const { line, objects, text } = made({ inputs: [tensor(Buffer.of(1))], auxiliaryInputs: [auxiliary('NONE', 'x', id)] }, { id, embedLimit: 0 });
  expect(line.eventMetadata.eventId).toBe(id);
  expect(text).not.toContain('\n');
  for (const { key } of objects) expect(key).toMatch(/^[a-z0-9/-]+$/);
});

test('whatever is captured is given back by the line and its objects', () => {
  const bytesOf = (length: number): fc.Arbitrary<Buffer> => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
  const tensors = fc.tuple(fc.string({ unit: 'grapheme' }), fc.constantFrom(...dataTypes), fc.array(fc.nat(4), { maxLength: 3 })).chain(([name, dtype, shape]) => bytesOf(elementCount(shape) * elementBytes[dtype]).map((content) => ({ name, dtype, shape, content })));
  const contents = fc.oneof(fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)), fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)), fc.base64String().map((text) => Buffer.from(text)));
  const auxiliaries = fc.record({ name: fc.string({ unit: 'grapheme' }), encoding: fc.constantFrom(...encodings), content: contents });
  const captures = fc.record({ inputs: fc.array(tensors, { maxLength: 3 }), outputs: fc.array(tensors, { maxLength: 3 }), auxiliaryInputs: fc.array(auxiliaries, { maxLength: 3 }), auxiliaryOutputs: fc.array(auxiliaries, { maxLength: 3 }) });
  fc.assert(
    fc.property(captures, fc.nat(80), (parts, embedLimit) => {
      const { line, objects } = made(parts, { embedLimit });
      const entries = [...line.deviceFleetInputs, ...line.deviceFleetOutputs, ...line.deviceFleetAuxiliaryInputs, ...line.deviceFleetAuxiliaryOutputs];
      const given = [...parts.inputs, ...parts.outputs, ...parts.auxiliaryInputs, ...parts.auxiliaryOutputs];
      expect(entries.map(({ name }) => name)).toEqual(given.map(({ name }) => name));
      for (const [index, part] of given.entries()) expect(contentOf(entries[index], objects)).toEqual('dtype' in part ? part.content : meantBy(part));
      expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length);
    }),
  );
});

/** Base64 is given back as what it stands for, as long as it is base64. */
function meantBy({ encoding, content }: AuxiliaryData): Buffer {
  const text = content.toString('latin1');
  const isBase64 = encoding === 'BASE64' && Buffer.from(text, 'base64').toString('base64') === text;
  return isBase64 ? Buffer.from(text, 'base64') : content;
}
