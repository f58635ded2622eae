import { onnxModel, type OnnxNode, type OnnxWeights } from './onnx-model.ts';

/** A small generator of the same numbers every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A graph in the making: nodes, and weights drawn from one seed. */
class Graph {
  readonly nodes: OnnxNode[] = [];
  readonly weights: OnnxWeights[] = [];
  readonly #random = seeded(1);

  add(operator: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}, output = `v${this.nodes.length}`): string {
    this.nodes.push({ operator, inputs, outputs: [output], attributes });
    return output;
  }

  /** Weights of about the size that keeps activations level. */
  draw(shape: readonly number[]): string {
    const name = `w${this.weights.length}`;
    const count = shape.reduce((product, axis) => product * axis, 1);
    const spread = 2 / Math.sqrt(count / (shape[0] ?? 1));
    this.weights.push({ name, shape, values: Float32Array.from({ length: count }, () => (this.#random() - 0.5) * spread) });
    return name;
  }

  convolution(input: string, channels: readonly [from: number, to: number], size: number, stride = 1): string {
    const [from, to] = channels;
    const border = stride === 1 ? (size - 1) / 2 : 0;
    const convolved = this.add('Conv', [input, this.draw([to, from, size, size]), this.draw([to])], { kernel_shape: [size, size], strides: [stride, stride], pads: [border, border, border, border] });
    return this.add('Relu', [convolved]);
  }

  fire(input: string, from: number, squeeze: number, expand: number): string {
    const squeezed = this.convolution(input, [from, squeeze], 1);
    return this.add('Concat', [this.convolution(squeezed, [squeeze, expand], 1), this.convolution(squeezed, [squeeze, expand], 3)], { axis: 1 });
  }

  pool(input: string): string {
    return this.add('MaxPool', [input], { kernel_shape: [3, 3], strides: [2, 2] });
  }
}

/** SqueezeNet 1.1 (Iandola et al., 2016) with made-up weights: 1×3×224×224 in, 1×1000×1×1 out, 5 MB. */
export function squeezeNet(): Buffer {
  const graph = new Graph();
  let value = graph.pool(graph.convolution('x', [3, 64], 3, 2));
  value = graph.pool(graph.fire(graph.fire(value, 64, 16, 64), 128, 16, 64));
  value = graph.pool(graph.fire(graph.fire(value, 128, 32, 128), 256, 32, 128));
  for (const [from, squeeze, expand] of [[256, 48, 192], [384, 48, 192], [384, 64, 256], [512, 64, 256]] as const) value = graph.fire(value, from, squeeze, expand);
  graph.add('GlobalAveragePool', [graph.convolution(value, [512, 1000], 1)], {}, 'y');
  return onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: [1, 3, 224, 224] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: [1, 1000, 1, 1] }], nodes: graph.nodes, weights: graph.weights });
}

/** A model that does almost nothing with an input of that many bytes: it answers with the input's shape. */
export function shapeOnly(inputBytes: number): Buffer {
  return onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: [inputBytes / 4] }], outputs: [{ name: 'y', type: 'INT64', shape: [1] }], nodes: [{ operator: 'Shape', inputs: ['x'], outputs: ['y'] }] });
}

/** A small multilayer perceptron: 3 KB in, ten scores out. */
export function perceptron(): Buffer {
  const graph = new Graph();
  const hidden = graph.add('Relu', [graph.add('MatMul', ['x', graph.draw([784, 256])])]);
  graph.add('MatMul', [hidden, graph.draw([256, 10])], {}, 'y');
  return onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: [1, 784] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: [1, 10] }], nodes: graph.nodes, weights: graph.weights });
}

/** One matrix of 100 MB: 20 KB in, 20 KB out. */
export function largeModel(): Buffer {
  const graph = new Graph();
  graph.add('MatMul', ['x', graph.draw([5_000, 5_000])], {}, 'y');
  return onnxModel({ inputs: [{ name: 'x', type: 'FLOAT32', shape: [1, 5_000] }], outputs: [{ name: 'y', type: 'FLOAT32', shape: [1, 5_000] }], nodes: graph.nodes, weights: graph.weights });
}
