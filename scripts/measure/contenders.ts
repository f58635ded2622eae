import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { AgentClient, PredictInput } from '../../components/common/agent-client.ts';
import { SharedBuffer } from '../../components/common/shared-buffer.ts';
import { elementBytes, elementCount, type TensorSpec } from '../../components/common/tensor.ts';

/** One way to run a model, to be compared with others. */
export type Contender = {
  readonly name: string;
  /** Runs the model once. */
  readonly predict: () => Promise<void>;
};

/** The model in this very process, without an agent: the best that can be had. It blocks the thread. */
export async function inProcess(path: string, inputs: readonly TensorSpec[], options: { intraOpThreads: number }): Promise<Contender> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: options.intraOpThreads, interOpNumThreads: 1, executionProviders: ['cpu'], logSeverityLevel: 4 });
  const feeds = Object.fromEntries(inputs.map((spec) => [spec.name, ortTensor(spec)]));
  return {
    name: 'in process',
    predict: async () => {
      await session.run(feeds);
    },
  };
}

/** A model of a running agent, its tensors sent as bytes. */
export function throughAgent(client: AgentClient, alias: string, specs: readonly TensorSpec[]): Contender {
  const inputs = specs.map((spec): PredictInput => ({ bytes: payloadFor(spec), metadata: { name: spec.name, dtype: spec.dtype, shape: fixedShape(spec) } }));
  return {
    name: 'bytes',
    predict: async () => {
      await client.predict(alias, inputs);
    },
  };
}

/** The same with its tensors in shared memory. The caller has to close it. */
export function throughSharedMemory(client: AgentClient, alias: string, specs: readonly TensorSpec[]): Contender & { readonly close: () => void } {
  const buffers = specs.map((spec) => {
    const payload = payloadFor(spec);
    const buffer = new SharedBuffer(payload.length);
    buffer.fill(payload);
    return buffer;
  });
  const inputs = specs.map((spec, index): PredictInput => ({ shared: buffers[index]?.handle ?? { segmentId: -1, offset: 0, size: 0 }, metadata: { name: spec.name, dtype: spec.dtype, shape: fixedShape(spec) } }));
  return {
    name: 'shared memory',
    predict: async () => {
      await client.predict(alias, inputs);
    },
    close: () => buffers.forEach((buffer) => buffer.close()),
  };
}

/** An input's shape with dynamic axes at length 1. */
export function fixedShape(spec: TensorSpec): number[] {
  return spec.shape.map((axis) => (axis === -1 ? 1 : axis));
}

/** Some content for an input: small numbers, the same every time. */
export function payloadFor(spec: TensorSpec): Uint8Array {
  const count = elementCount(fixedShape(spec));
  if (spec.dtype === 'FLOAT32') return new Uint8Array(Float32Array.from({ length: count }, (_, index) => ((index * 31) % 255) / 255).buffer);
  return new Uint8Array(count * elementBytes[spec.dtype]).fill(1);
}

const arrays = { UINT8: Uint8Array, INT16: Int16Array, INT32: Int32Array, INT64: BigInt64Array, FLOAT16: Uint16Array, FLOAT32: Float32Array, FLOAT64: Float64Array } as const;

function ortTensor(spec: TensorSpec): OrtTensor {
  const { buffer } = Uint8Array.from(payloadFor(spec));
  return new OrtTensor(spec.dtype.toLowerCase() as OrtTensor.Type, new arrays[spec.dtype](buffer) as OrtTensor['data'], fixedShape(spec));
}
