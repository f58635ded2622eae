import { resolve } from 'node:path';
import { captureDataRequestPieces } from './capture-codec.ts';
import { FescueError } from './errors.ts';
import { decodePredictResponse, predictRequestPieces } from './hot-codec.ts';
import type { DataType, Tensor, TensorSpec } from './tensor.ts';
import { UnaryClient, type CallOptions } from './unary-client.ts';
import {
  loadAgentService,
  type AgentMethod,
  type AuxiliaryMessage,
  type CaptureDataRequest,
  type CaptureStatus,
  type Encoding,
  type ModelMessage,
  type PredictRequest,
  type PredictResponse,
  type SharedMemoryHandleMessage,
  type TensorMessage,
  type TensorMetadataMessage,
} from './wire.ts';

/** A loaded model as the agent describes it. */
export type Model = { url: string; name: string; inputs: TensorSpec[]; outputs: TensorSpec[] };

/**
 * An input of `predict`, as bytes or in shared memory; without metadata the agent matches it by position. The bytes are
 * not copied: they must stay as they are until the call is over.
 */
export type PredictInput = ({ bytes: Uint8Array } | { shared: SharedMemoryHandleMessage }) & { metadata?: { name?: string; dtype: DataType; shape: readonly number[] } };

/** Data that goes along with a capture: as bytes or in shared memory. The bytes are not copied: they must stay as they are until the call is over. */
export type AuxiliaryInput = { readonly name: string; readonly encoding: Encoding } & ({ readonly bytes: Uint8Array } | { readonly shared: SharedMemoryHandleMessage });

/** A capture: what went into a model and what came out. */
export type Capture = {
  /** Alias of a loaded model. */
  readonly model: string;
  /** Any text that is not empty, once per capture. */
  readonly id: string;
  /** When the prediction was made; now without it. */
  readonly at?: Date;
  readonly inputs: readonly PredictInput[];
  readonly outputs: readonly PredictInput[];
  readonly auxiliaryInputs?: readonly AuxiliaryInput[];
  readonly auxiliaryOutputs?: readonly AuxiliaryInput[];
};

/** The socket of the original agent, which every client of it knows. */
export const defaultSocketPath = '/tmp/aws.greengrass.SageMakerEdgeManager.sock';

/** A call that did not succeed, with the name of its gRPC status, such as `NOT_FOUND`. */
export class AgentError extends FescueError {
  readonly status: string;

  constructor(error: FescueError) {
    super(error.kind, error.message, { cause: error });
    this.status = error.kind.toUpperCase().replaceAll('-', '_');
  }
}

/**
 * A client of the agent's gRPC API. Every call rejects with an AgentError whose kind is the agent's status;
 * `unavailable` also means that nobody answers on the socket.
 */
export class AgentClient {
  readonly socketPath: string;
  #client: UnaryClient;
  #service = loadAgentService();

  constructor(options: { socketPath: string }) {
    this.socketPath = resolve(options.socketPath);
    this.#client = new UnaryClient(this.socketPath);
  }

  /**
   * Waits until the agent answers on its socket.
   *
   * @throws FescueError `unavailable` when it does not in time, `cancelled` when the signal ends the wait
   */
  async waitUntilReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    await this.#client.waitUntilReady(timeoutMs, signal);
  }

  async loadModel(url: string, name: string, options?: CallOptions): Promise<Model> {
    const response = await this.#call<{ model: ModelMessage }>('LoadModel', { url, name }, options);
    return modelOf(response.model);
  }

  async unloadModel(name: string, options?: CallOptions): Promise<void> {
    await this.#call('UnLoadModel', { name }, options);
  }

  async listModels(options?: CallOptions): Promise<Model[]> {
    const response = await this.#call<{ models: ModelMessage[] }>('ListModels', {}, options);
    return response.models.map(modelOf);
  }

  async describeModel(name: string, options?: CallOptions): Promise<Model> {
    const response = await this.#call<{ model: ModelMessage }>('DescribeModel', { name }, options);
    return modelOf(response.model);
  }

  /** Runs a model. @returns its outputs, in the model's order */
  async predict(name: string, inputs: readonly PredictInput[], options?: CallOptions): Promise<Tensor[]> {
    const response = await this.#call<PredictResponse>('Predict', { name, tensors: inputs.map(tensorMessageOf) }, options);
    return response.tensors.map(tensorOf);
  }

  /** Hands over a capture; resolves when it is safe with the agent. */
  async captureData(capture: Capture, options?: CallOptions): Promise<void> {
    await this.#call('CaptureData', captureMessageOf(capture), options);
  }

  async captureStatus(id: string, options?: CallOptions): Promise<CaptureStatus> {
    const response = await this.#call<{ status: CaptureStatus }>('GetCaptureDataStatus', { captureId: id }, options);
    return response.status;
  }

  close(): void {
    this.#client.close();
  }

  async #call<Response>(method: AgentMethod, request: object, options?: CallOptions): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = this.#service[method];
    const message = (encoders[method] ?? ((it: object) => [requestSerialize(it)]))(request);
    const answer = await this.#client.call(path, message, options).catch((error: FescueError) => Promise.reject(new AgentError(error)));
    return (method === 'Predict' ? decodePredictResponse(answer) : responseDeserialize(answer)) as Response;
  }
}

/** Messages that carry tensors are encoded without copying these. */
const encoders: Partial<Record<AgentMethod, (request: object) => readonly Uint8Array[]>> = {
  Predict: (request) => predictRequestPieces(request as PredictRequest),
  CaptureData: (request) => captureDataRequestPieces(request as CaptureDataRequest),
};

function modelOf(message: ModelMessage): Model {
  return {
    url: message.url,
    name: message.name,
    inputs: message.inputTensorMetadatas.map(specOf),
    outputs: message.outputTensorMetadatas.map(specOf),
  };
}

function specOf(metadata: TensorMetadataMessage): TensorSpec {
  return { name: Buffer.from(metadata.name).toString('utf8'), dtype: metadata.dataType, shape: metadata.shape };
}

function tensorMessageOf(input: PredictInput): TensorMessage {
  const data = 'shared' in input ? { sharedMemoryHandle: input.shared } : { byteData: input.bytes };
  if (input.metadata === undefined) return data;
  const { name = '', dtype, shape } = input.metadata;
  return { ...data, tensorMetadata: { name: Buffer.from(name), dataType: dtype, shape: [...shape] } };
}

function captureMessageOf({ model, id, at, inputs, outputs, auxiliaryInputs = [], auxiliaryOutputs = [] }: Capture): CaptureDataRequest {
  return {
    modelName: model,
    captureId: id,
    ...(at === undefined ? {} : { inferenceTimestamp: { seconds: Math.floor(at.getTime() / 1000), nanos: (at.getTime() % 1000) * 1_000_000 } }),
    inputTensors: inputs.map(tensorMessageOf),
    outputTensors: outputs.map(tensorMessageOf),
    inputs: auxiliaryInputs.map(auxiliaryMessageOf),
    outputs: auxiliaryOutputs.map(auxiliaryMessageOf),
  };
}

function auxiliaryMessageOf({ name, encoding, ...data }: AuxiliaryInput): AuxiliaryMessage {
  return { name, encoding, ...('shared' in data ? { sharedMemoryHandle: data.shared } : { byteData: data.bytes }) };
}

function tensorOf(message: TensorMessage): Tensor {
  if (message.tensorMetadata === undefined || message.tensorMetadata === null || message.byteData === undefined) {
    throw new FescueError('internal', 'The agent answered Predict with a tensor without metadata or bytes.');
  }
  return { ...specOf(message.tensorMetadata), bytes: message.byteData };
}
