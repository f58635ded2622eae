/**
 * Writes small ONNX models without Python: just enough of the protobuf format for the graphs the tests and benches
 * need (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
import type { DataType } from '../../components/common/tensor.ts';

export type OnnxValue = { name: string; type: DataType | 'BOOL' | 'STRING'; shape: readonly (number | string)[] };
export type OnnxNode = { operator: string; inputs: readonly string[]; outputs: readonly string[]; attributes?: Readonly<Record<string, number | readonly number[]>> };
/** With `file` the values are in that file beside the model, which the caller writes. */
export type OnnxWeights = { name: string; shape: readonly number[]; values: Float32Array; file?: string };
export type OnnxGraph = {
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  nodes: readonly OnnxNode[];
  weights?: readonly OnnxWeights[];
};

const elementTypes = { FLOAT32: 1, UINT8: 2, INT16: 5, INT32: 6, INT64: 7, STRING: 8, BOOL: 9, FLOAT16: 10, FLOAT64: 11 } as const;

/** The bytes of an `.onnx` file. A text in a shape is a dynamic axis. */
export function onnxModel(graph: OnnxGraph): Buffer {
  return message([
    [1, number(8)], // ir_version
    [8, bytes(message([[2, number(17)]]))], // opset_import
    [7, bytes(graphMessage(graph))],
  ]);
}

/** A model that copies each input to an output. */
export function identityModel(values: readonly OnnxValue[]): Buffer {
  return onnxModel({
    inputs: values,
    outputs: values.map((value) => ({ ...value, name: `${value.name}_out` })),
    nodes: values.map((value) => ({ operator: 'Identity', inputs: [value.name], outputs: [`${value.name}_out`] })),
  });
}

/**
 * A model that takes one number and is slow by construction: `steps` products of 512×512 matrices, about 3 ms each on
 * two cores.
 */
export function slowModel(options: { steps: number }): Buffer {
  const size = 512;
  const { steps } = options;
  const name = (step: number): string => (step === steps ? 'y' : `h${step}`);
  return onnxModel({
    inputs: [{ name: 'x', type: 'FLOAT32', shape: [1] }],
    outputs: [{ name: 'y', type: 'FLOAT32', shape: [size, size] }],
    nodes: [
      { operator: 'Add', inputs: ['x', 'w'], outputs: ['h0'] },
      ...Array.from({ length: steps }, (_, step) => ({ operator: 'MatMul', inputs: [name(step), 'w'], outputs: [name(step + 1)] })),
    ],
    weights: [{ name: 'w', shape: [size, size], values: new Float32Array(size * size).fill(1 / size) }],
  });
}

function graphMessage(graph: OnnxGraph): Buffer {
  return message([
    ...graph.nodes.map((node): Field => [1, bytes(nodeMessage(node))]),
    [2, text('graph')],
    ...(graph.weights ?? []).map((weights): Field => [5, bytes(weightsMessage(weights))]),
    ...graph.inputs.map((value): Field => [11, bytes(valueMessage(value))]),
    ...graph.outputs.map((value): Field => [12, bytes(valueMessage(value))]),
  ]);
}

function nodeMessage(node: OnnxNode): Buffer {
  return message([
    ...node.inputs.map((input): Field => [1, text(input)]),
    ...node.outputs.map((output): Field => [2, text(output)]),
    [4, text(node.operator)],
    ...Object.entries(node.attributes ?? {}).map((attribute): Field => [5, bytes(attributeMessage(...attribute))]),
  ]);
}

/** A whole number or a list of them. */
function attributeMessage(name: string, value: number | readonly number[]): Buffer {
  const [single, list] = [2, 7];
  if (typeof value === 'number') return message([[1, text(name)], [3, number(value)], [20, number(single)]]);
  return message([[1, text(name)], ...value.map((one): Field => [8, number(one)]), [20, number(list)]]);
}

function weightsMessage(weights: OnnxWeights): Buffer {
  const { buffer, byteOffset, byteLength } = weights.values;
  return message([
    ...weights.shape.map((axis): Field => [1, number(axis)]),
    [2, number(elementTypes.FLOAT32)],
    [8, text(weights.name)],
    ...(weights.file === undefined ? [[9, bytes(Buffer.from(buffer, byteOffset, byteLength))] satisfies Field] : externalFields(weights.file)),
  ]);
}

function externalFields(file: string): Field[] {
  return [
    [13, bytes(message([[1, text('location')], [2, text(file)]]))],
    [14, number(1)],
  ];
}

function valueMessage(value: OnnxValue): Buffer {
  const axes = value.shape.map((axis): Field => [1, bytes(message([typeof axis === 'number' ? [1, number(axis)] : [2, text(axis)]]))]);
  const tensorType = message([
    [1, number(elementTypes[value.type])],
    [2, bytes(message(axes))],
  ]);
  return message([
    [1, text(value.name)],
    [2, bytes(message([[1, bytes(tensorType)]]))],
  ]);
}

type Field = readonly [fieldNumber: number, value: { wireType: 0 | 2; encoded: Buffer }];

function message(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([fieldNumber, value]) => [varint((fieldNumber << 3) | value.wireType), value.encoded]));
}

function number(value: number): Field[1] {
  return { wireType: 0, encoded: varint(value) };
}

function bytes(content: Buffer): Field[1] {
  return { wireType: 2, encoded: Buffer.concat([varint(content.length), content]) };
}

function text(content: string): Field[1] {
  return bytes(Buffer.from(content));
}

function varint(value: number): Buffer {
  const encoded: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    encoded.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...encoded, rest]);
}
