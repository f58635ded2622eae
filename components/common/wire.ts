import { readFileSync } from 'node:fs';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import type { ErrorKind } from './errors.ts';
import { resourcePath } from './resources.ts';
import type { DataType } from './tensor.ts';

/** Messages of `proto/agent.proto` as plain objects: camelCase names, enums by name, 64-bit integers as numbers. */
export type TensorMetadataMessage = { name: Uint8Array; dataType: DataType; shape: number[] };
export type SharedMemoryHandleMessage = { size: number; offset: number; segmentId: number };
export type TensorMessage = {
  tensorMetadata?: TensorMetadataMessage | null;
  byteData?: Uint8Array;
  sharedMemoryHandle?: SharedMemoryHandleMessage;
};
export type ModelMessage = {
  url: string;
  name: string;
  inputTensorMetadatas: TensorMetadataMessage[];
  outputTensorMetadatas: TensorMetadataMessage[];
};
export type PredictRequest = { name: string; tensors: TensorMessage[] };
export type PredictResponse = { tensors: TensorMessage[] };

/** How the bytes of auxiliary data are to be understood. */
export const encodings = ['CSV', 'JSON', 'NONE', 'BASE64'] as const;
export type Encoding = (typeof encodings)[number];
/** A number that is none of the enum's stays one, for whoever checks it. */
export type AuxiliaryMessage = { name: string; encoding: Encoding | number; byteData?: Uint8Array; sharedMemoryHandle?: SharedMemoryHandleMessage };
export type TimestampMessage = { seconds: number; nanos: number };
export type CaptureDataRequest = {
  modelName: string;
  captureId: string;
  inferenceTimestamp?: TimestampMessage;
  inputTensors: TensorMessage[];
  outputTensors: TensorMessage[];
  inputs: AuxiliaryMessage[];
  outputs: AuxiliaryMessage[];
};
export const captureStatuses = ['FAILURE', 'SUCCESS', 'IN_PROGRESS', 'NOT_FOUND'] as const;
/** What became of a capture. */
export type CaptureStatus = (typeof captureStatuses)[number];

/** The seven calls of the agent, as their paths spell them. */
export type AgentMethod =
  | 'Predict'
  | 'LoadModel'
  | 'UnLoadModel'
  | 'ListModels'
  | 'DescribeModel'
  | 'CaptureData'
  | 'GetCaptureDataStatus';

export const agentProtoPath = resourcePath('agent.proto', '../../proto/agent.proto');

/**
 * The service definition that both grpc-js server and client take, read from `agent.proto`.
 */
export function loadAgentService(): Record<AgentMethod, MethodDefinition<object, object>> {
  // readFileSync first: proto-loader's message for a missing file does not name it.
  readFileSync(agentProtoPath);
  const definition = loadSync(agentProtoPath, { enums: String, longs: Number, defaults: true, oneofs: true });
  return definition['AWS.SageMaker.Edge.Agent'] as ServiceDefinition as Record<AgentMethod, MethodDefinition<object, object>>;
}

/** gRPC status code of each error kind. */
export const grpcCodes: Record<ErrorKind, number> = {
  cancelled: 1,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'not-found': 5,
  'already-exists': 6,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  'out-of-range': 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
};
