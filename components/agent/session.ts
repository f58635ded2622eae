import type * as OnnxRuntime from 'onnxruntime-node';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { FescueError, messageOf } from '../common/errors.ts';
import { aligned, elementBytes, type DataType, type Tensor, type TensorSpec } from '../common/tensor.ts';
import { openWithProviders, type ExecutionProvider, type MissingProvider, type Opened } from './execution-providers.ts';
import { loadOnnxRuntime } from './onnx-runtime.ts';
import type { ModelTensors } from './worker-messages.ts';

/** ONNX Runtime's type words for the data types of the contract. */
const dataTypeOfWord: Readonly<Record<string, DataType>> = {
  uint8: 'UINT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FLOAT16',
  float32: 'FLOAT32',
  float64: 'FLOAT64',
};

const elementArrays = {
  UINT8: Uint8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FLOAT16: Uint16Array,
  FLOAT32: Float32Array,
  FLOAT64: Float64Array,
} as const;

// The native part of onnxruntime-node (1.30) takes a Float16Array for an empty one. Where the class does not exist the
// library passes half floats as Uint16Array, which works; nothing else in a worker uses it.
Reflect.deleteProperty(globalThis, 'Float16Array');

export type SessionOptions = {
  readonly intraOpThreads: number;
  /** In the order of preference; the CPU alone by default. */
  readonly executionProviders?: readonly ExecutionProvider[];
  /** Path of the native library; empty, and by default, the bundled one. */
  readonly onnxRuntimeLibrary?: string;
};

/** A model in ONNX Runtime. Running it blocks the thread, which is why sessions live in worker processes. */
export class Session {
  readonly tensors: ModelTensors;
  /** Whether requests can be joined along the first axis: it is dynamic in all inputs and outputs, under one name or none. */
  readonly batchable: boolean;
  /** What runs the model. */
  readonly provider: ExecutionProvider;
  /** What was asked for, and does not run it. */
  readonly missingProviders: readonly MissingProvider[];
  #session: InferenceSession;
  #runtime: typeof OnnxRuntime;

  private constructor({ session, provider, missing }: Opened<InferenceSession>, runtime: typeof OnnxRuntime) {
    this.#session = session;
    this.#runtime = runtime;
    this.provider = provider;
    this.missingProviders = missing;
    this.tensors = { inputs: session.inputMetadata.map(specOf), outputs: session.outputMetadata.map(specOf) };
    this.batchable = isBatchable([...session.inputMetadata, ...session.outputMetadata]);
  }

  /**
   * @param path an ONNX file
   * @throws FescueError `failed-precondition` when ONNX Runtime cannot use it, a tensor has a type outside the contract, or
   *   the native library cannot be used
   */
  static async open(path: string, { intraOpThreads, executionProviders = ['cpu'], onnxRuntimeLibrary = '' }: SessionOptions): Promise<Session> {
    const runtime = await loadOnnxRuntime(onnxRuntimeLibrary);
    try {
      const opened = await openWithProviders({
        providers: executionProviders,
        supported: runtime.listSupportedBackends().map((backend) => backend.name),
        open: async (providers) => runtime.InferenceSession.create(path, { intraOpNumThreads: intraOpThreads, interOpNumThreads: 1, executionProviders: [...providers], logSeverityLevel: 4 }),
      });
      return new Session(opened, runtime);
    } catch (error) {
      if (error instanceof FescueError) throw error;
      throw new FescueError('failed-precondition', `ONNX Runtime cannot load ${path}: ${messageOf(error)}. Expected a complete ONNX model.`, { cause: error });
    }
  }

  /**
   * Runs the model once.
   *
   * @param inputs one tensor per model input, checked against `tensors.inputs`
   * @returns the outputs in the model's order; their bytes belong to the caller
   * @throws FescueError `internal` when ONNX Runtime fails
   */
  async run(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, ortTensorOf(tensor, this.#runtime)]));
    try {
      const results = await this.#session.run(feeds);
      return this.tensors.outputs.map((output) => tensorOf(output, results[output.name]));
    } catch (error) {
      if (error instanceof FescueError) throw error;
      throw new FescueError('internal', `ONNX Runtime failed to run the model: ${messageOf(error)}`, { cause: error });
    }
  }
}

function isBatchable(values: readonly InferenceSession.ValueMetadata[]): boolean {
  const firstAxes = new Set(values.map((value) => (value.isTensor ? value.shape[0] : undefined)));
  const [axis] = firstAxes;
  return firstAxes.size === 1 && typeof axis === 'string';
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  const dtype = metadata.isTensor ? dataTypeOfWord[metadata.type] : undefined;
  if (!metadata.isTensor || dtype === undefined) {
    const type = metadata.isTensor ? metadata.type : 'not a tensor';
    throw new FescueError(
      'failed-precondition',
      `Tensor "${metadata.name}" of the model is ${type}; the agent's API carries ${Object.values(dataTypeOfWord).join(', ')}. Export the model with one of these.`,
    );
  }
  return { name: metadata.name, dtype, shape: metadata.shape.map((axis) => (typeof axis === 'number' && axis >= 0 ? axis : -1)) };
}

function ortTensorOf(tensor: Tensor, runtime: typeof OnnxRuntime): OrtTensor {
  const width = elementBytes[tensor.dtype];
  const bytes = aligned(tensor.bytes, width);
  const elements = new elementArrays[tensor.dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / width);
  return new runtime.Tensor(tensor.dtype.toLowerCase() as OrtTensor.Type, elements as OrtTensor['data'], tensor.shape);
}

function tensorOf(output: TensorSpec, result: OrtTensor | undefined): Tensor {
  if (result === undefined || !ArrayBuffer.isView(result.data)) {
    throw new FescueError('internal', `ONNX Runtime gave no data for output "${output.name}".`);
  }
  const { buffer, byteOffset, byteLength } = result.data;
  return { name: output.name, dtype: output.dtype, shape: result.dims, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}
