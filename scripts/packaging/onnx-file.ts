/**
 * Reads what an ONNX file says of itself: just enough of the protobuf format for that
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), without the runtime and without copying weights.
 */
import { readFile } from 'node:fs/promises';
import { FescueError, messageOf } from '../../components/common/errors.ts';

/** A tensor of the graph. The type is the contract's word where it has one, else ONNX's; a text in the shape is a dynamic axis. */
export type OnnxTensor = { readonly name: string; readonly type: string; readonly shape: readonly (number | string)[] };

export type OnnxNode = { readonly operator: string; readonly inputs: readonly string[]; readonly outputs: readonly string[] };

export type OnnxFile = {
  readonly irVersion: number;
  /** Name and version of the tool that wrote the file; may be empty. */
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  /** What a caller gives; weights that are also listed as inputs are left out. */
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  /** Intermediate results whose shape the file tells. */
  readonly intermediates: readonly OnnxTensor[];
  readonly nodes: readonly OnnxNode[];
  readonly weightBytes: number;
  /** Files with weights, relative to the folder of the model. */
  readonly externalFiles: readonly string[];
};

/** ONNX's element types by number: word, and bits per element. */
const elementTypes: readonly (readonly [word: string, bits: number])[] = [
  ['UNDEFINED', 0], ['FLOAT32', 32], ['UINT8', 8], ['INT8', 8], ['UINT16', 16], ['INT16', 16], ['INT32', 32], ['INT64', 64],
  ['STRING', 0], ['BOOL', 8], ['FLOAT16', 16], ['FLOAT64', 64], ['UINT32', 32], ['UINT64', 64], ['COMPLEX64', 64], ['COMPLEX128', 128],
  ['BFLOAT16', 16], ['FLOAT8E4M3FN', 8], ['FLOAT8E4M3FNUZ', 8], ['FLOAT8E5M2', 8], ['FLOAT8E5M2FNUZ', 8], ['UINT4', 4], ['INT4', 4],
];

/** @throws FescueError `not-found` when it cannot be read, `invalid-argument` when it is no ONNX file */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new FescueError('not-found', `Model ${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  });
  try {
    return modelOf(bytes);
  } catch (error) {
    throw new FescueError('invalid-argument', `Model ${path} is no complete ONNX file: ${messageOf(error)}.`, { cause: error });
  }
}

/** Bytes of a tensor, a dynamic axis counted as 1. */
export function bytesOf({ type, shape }: OnnxTensor): number {
  const bits = elementTypes.find(([word]) => word === type)?.[1] ?? 0;
  return Math.ceil(shape.reduce<number>((product, axis) => product * (typeof axis === 'number' ? axis : 1), bits) / 8);
}

function modelOf(bytes: Buffer): OnnxFile {
  const model = fieldsOf(bytes);
  const graphBytes = model.bytes(7)[0];
  if (graphBytes === undefined) throw new Error('it holds no graph');
  const graph = fieldsOf(graphBytes);
  const nodes = graph.bytes(1).map(fieldsOf);
  const initializers = graph.bytes(5).map(fieldsOf);
  const constants = nodes.flatMap((node) => node.bytes(5)).flatMap((attribute) => fieldsOf(attribute).bytes(5)).map(fieldsOf);
  const weights = new Set(initializers.map((weight) => weight.text(8)));
  return {
    irVersion: model.number(1),
    producer: [model.text(2), model.text(3)].filter(Boolean).join(' '),
    opsets: model.bytes(8).map(fieldsOf).map((opset) => ({ domain: opset.text(1) || 'ai.onnx', version: opset.number(2) })),
    inputs: graph.bytes(11).map(valueOf).filter(({ name }) => !weights.has(name)),
    outputs: graph.bytes(12).map(valueOf),
    intermediates: graph.bytes(13).map(valueOf),
    nodes: nodes.map((node) => ({ operator: node.text(4), inputs: node.texts(1), outputs: node.texts(2) })),
    weightBytes: [...initializers, ...constants].reduce((sum, weight) => sum + weightBytesOf(weight), 0),
    externalFiles: [...new Set([...initializers, ...constants].flatMap(externalFilesOf))],
  };
}

function weightBytesOf(weight: Fields): number {
  return bytesOf({ name: '', type: typeWord(weight.number(2)), shape: weight.numbers(1) });
}

function externalFilesOf(weight: Fields): string[] {
  return weight.bytes(13).map(fieldsOf).filter((entry) => entry.text(1) === 'location').map((entry) => entry.text(2));
}

function valueOf(bytes: Buffer): OnnxTensor {
  const value = fieldsOf(bytes);
  const tensor = fieldsOf(value.bytes(2)[0] ?? Buffer.alloc(0)).bytes(1)[0];
  if (tensor === undefined) return { name: value.text(1), type: 'NOT A TENSOR', shape: [] };
  const fields = fieldsOf(tensor);
  const axes = fieldsOf(fields.bytes(2)[0] ?? Buffer.alloc(0)).bytes(1).map(fieldsOf);
  return { name: value.text(1), type: typeWord(fields.number(1)), shape: axes.map((axis) => (axis.has(1) ? axis.number(1) : axis.text(2) || '?')) };
}

function typeWord(type: number): string {
  return elementTypes[type]?.[0] ?? `TYPE ${type}`;
}

/** The fields of one protobuf message, by number. */
type Fields = {
  has(field: number): boolean;
  number(field: number): number;
  numbers(field: number): number[];
  bytes(field: number): Buffer[];
  text(field: number): string;
  texts(field: number): string[];
};

function fieldsOf(message: Buffer): Fields {
  const found = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined || scale > 2 ** 63) throw new Error('its bytes are cut off or damaged');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const skip = (length: number): Buffer => {
    at += length;
    if (at > message.length) throw new Error('its bytes are cut off or damaged');
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType > 5 || wireType === 3 || wireType === 4) throw new Error('its bytes are no protobuf message');
    const value = wireType === 0 ? varint() : skip(wireType === 1 ? 8 : wireType === 5 ? 4 : varint());
    const field = Math.floor(tag / 8);
    const earlier = found.get(field);
    if (earlier === undefined) found.set(field, [value]);
    else earlier.push(value);
  }
  const bytes = (field: number): Buffer[] => (found.get(field) ?? []).filter((value) => typeof value !== 'number');
  const numbers = (field: number): number[] => (found.get(field) ?? []).flatMap((value) => (typeof value === 'number' ? [value] : packed(value)));
  const texts = (field: number): string[] => bytes(field).map(String);
  return { has: (field) => found.has(field), bytes, numbers, texts, number: (field) => numbers(field).at(-1) ?? 0, text: (field) => texts(field).at(-1) ?? '' };
}

/** Repeated numbers may come in one field, one after the other. */
function packed(bytes: Buffer): number[] {
  const values: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    values.push(value);
    [value, scale] = [0, 1];
  }
  return values;
}
