import { resolve } from 'node:path';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { FescueError, messageOf, type ErrorKind } from './errors.ts';
import { decodePredictResponse, encodePredictRequest } from './hot-codec.ts';
import type { DataType, Tensor, TensorSpec } from './tensor.ts';
import {
  grpcCodes,
  loadAgentService,
  type AgentMethod,
  type ModelMessage,
  type PredictRequest,
  type PredictResponse,
  type SharedMemoryHandleMessage,
  type TensorMessage,
  type TensorMetadataMessage,
} from './wire.ts';

/** A loaded model as the agent describes it. */
export type Model = { url: string; name: string; inputs: TensorSpec[]; outputs: TensorSpec[] };

/** An input of `predict`, as bytes or in shared memory; without metadata the agent matches it by position. */
export type PredictInput = ({ bytes: Uint8Array } | { shared: SharedMemoryHandleMessage }) & { metadata?: { name?: string; dtype: DataType; shape: readonly number[] } };

export type CallOptions = {
  /** Milliseconds until the call is given up; without it the call waits as long as the agent does. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

/** The socket of the original agent, which every client of it knows. */
export const defaultSocketPath = '/tmp/aws.greengrass.SageMakerEdgeManager.sock';

/** A call that did not succeed, with the name of its gRPC status, such as `NOT_FOUND`. */
export class AgentError extends FescueError {
  readonly status: string;

  constructor(kind: ErrorKind, message: string, cause: ServiceError) {
    super(kind, message, { cause });
    this.status = status[cause.code];
  }
}

const errorKinds = new Map(Object.entries(grpcCodes).map(([kind, code]) => [code, kind as ErrorKind]));

/**
 * A client of the agent's gRPC API. Every call rejects with an AgentError whose kind is the agent's status;
 * `unavailable` also means that nobody answers on the socket.
 */
export class AgentClient {
  readonly socketPath: string;
  #client: Client;
  #service = agentService();

  constructor(options: { socketPath: string }) {
    this.socketPath = resolve(options.socketPath);
    this.#client = new Client(`unix://${this.socketPath}`, credentials.createInsecure(), {
      // The agent has the limit, and says how to raise it.
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.enable_channelz': 0,
      // Bounds how long a restarted agent goes unnoticed.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    });
  }

  /**
   * Waits until the agent answers on its socket.
   *
   * @throws FescueError `unavailable` when it does not in time, `cancelled` when the signal ends the wait
   */
  async waitUntilReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    const onAbort = (): void => waiting.reject(new FescueError('cancelled', `The wait for the agent on ${this.socketPath} was ended.`));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#client.waitForReady(Date.now() + timeoutMs, (error) => {
      if (error === undefined) return waiting.resolve();
      waiting.reject(new FescueError('unavailable', `No agent answered on ${this.socketPath} within ${timeoutMs / 1000} s. Start it, or name its socket.`, { cause: error }));
    });
    try {
      await waiting.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
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

  close(): void {
    this.#client.close();
  }

  #call<Response>(method: AgentMethod, request: object, options: CallOptions = {}): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = this.#service[method];
    return new Promise<Response>((done, fail) => {
      const deadline = options.timeoutMs === undefined ? Infinity : Date.now() + options.timeoutMs;
      const onAbort = (): void => call.cancel();
      const call = this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, response) => {
        options.signal?.removeEventListener('abort', onAbort);
        if (error === null) done(response as Response);
        else fail(this.#errorOf(error));
      });
      options.signal?.addEventListener('abort', onAbort, { once: true });
      if (options.signal?.aborted) call.cancel();
    });
  }

  #errorOf(error: ServiceError): AgentError {
    const kind = errorKinds.get(error.code) ?? 'internal';
    const text = error.code === status.UNAVAILABLE && /ECONNREFUSED|ENOENT|No connection/.test(error.details)
      ? `No agent answers on ${this.socketPath}. Start it, or name its socket.`
      : error.details || messageOf(error);
    return new AgentError(kind, text, error);
  }
}

function agentService(): ReturnType<typeof loadAgentService> {
  const service = loadAgentService();
  const requestSerialize = (request: object): Buffer => encodePredictRequest(request as PredictRequest);
  return { ...service, Predict: { ...service.Predict, requestSerialize, responseDeserialize: decodePredictResponse } };
}

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

function tensorOf(message: TensorMessage): Tensor {
  if (message.tensorMetadata === undefined || message.tensorMetadata === null || message.byteData === undefined) {
    throw new FescueError('internal', 'The agent answered Predict with a tensor without metadata or bytes.');
  }
  return { ...specOf(message.tensorMetadata), bytes: message.byteData };
}
