import protobuf from 'protobufjs';
import type { AgentMethod } from '../../components/common/wire.ts';

/** Messages of the contract as clients of the original hold them: enums and 64-bit integers as numbers. */
export type Metadata = { name?: Uint8Array; dataType: number; shape: readonly number[] };
export type Handle = { size?: number; offset?: number; segmentId?: number };
export type Tensor = { tensorMetadata?: Metadata; byteData?: Uint8Array; sharedMemoryHandle?: Handle };
export type Model = { url: string; name: string; inputTensorMetadatas: Metadata[]; outputTensorMetadatas: Metadata[] };

export type Requests = {
  LoadModel: { url: string; name: string };
  UnLoadModel: { name: string };
  DescribeModel: { name: string };
  ListModels: Record<string, never>;
  Predict: { name: string; tensors: Tensor[] };
  CaptureData: { modelName: string; captureId: string; inputTensors: Tensor[] };
  GetCaptureDataStatus: { captureId: string };
};
export type Responses = {
  LoadModel: { model: Model };
  UnLoadModel: object;
  DescribeModel: { model: Model };
  ListModels: { models: Model[] };
  Predict: { tensors: Tensor[] };
  CaptureData: object;
  GetCaptureDataStatus: { status: number };
};

/** A protobuf implementation that is not the agent's. */
export type ForeignMessages = {
  request<Method extends AgentMethod>(method: Method, message: Requests[Method]): Uint8Array;
  response<Method extends AgentMethod>(method: Method, bytes: Uint8Array): Responses[Method];
};

/** protobufjs, straight from `proto/agent.proto`. */
export function protobufjsMessages(): ForeignMessages {
  const root = protobuf.loadSync('proto/agent.proto');
  const type = (name: string): ReturnType<typeof root.lookupType> => root.lookupType(`AWS.SageMaker.Edge.${name}`);
  return {
    request: (method, message) => type(`${method}Request`).encode(type(`${method}Request`).fromObject(message)).finish(),
    response<Method extends AgentMethod>(method: Method, bytes: Uint8Array): Responses[Method] {
      const decoded = type(`${method}Response`).decode(bytes);
      return type(`${method}Response`).toObject(decoded, { enums: Number, bytes: Buffer, longs: Number, defaults: true }) as Responses[Method];
    },
  };
}
