import type { sendUnaryData, ServerUnaryCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Model } from '../common/agent-client.ts';
import { FescueError } from '../common/errors.ts';
import type { TensorSpec } from '../common/tensor.ts';
import { loadAgentService, type AgentMethod, type ModelMessage, type TensorMetadataMessage } from '../common/wire.ts';
import { MessageParts } from './message-parts.ts';
import type { ModelRegistry } from './model-registry.ts';
import { predictName } from './predict-name.ts';
import { statusOf } from './status.ts';

type NamedRequest = { name: string };
type Call = ServerUnaryCall<unknown, unknown>;

/** The seven calls of the agent. */
export function agentHandlers(models: ModelRegistry): UntypedServiceImplementation {
  const handlers: Record<AgentMethod, UntypedServiceImplementation[string]> = {
    Predict: unary((request: Buffer, signal) => predict(models, new MessageParts([request]), signal)),
    LoadModel: unary(async (request: { url: string; name: string }) => ({ model: modelMessageOf(await models.load(request.url, request.name)) })),
    UnLoadModel: unary(async (request: NamedRequest) => {
      await models.unload(request.name);
      return {};
    }),
    ListModels: unary(async () => ({ models: models.list().map(modelMessageOf) })),
    DescribeModel: unary(async (request: NamedRequest) => ({ model: modelMessageOf(models.describe(request.name)) })),
    CaptureData: unary(captureUnimplemented),
    GetCaptureDataStatus: unary(captureUnimplemented),
  };
  return handlers;
}

/** @returns a PredictResponse message */
export function predict(models: ModelRegistry, request: MessageParts, signal: AbortSignal): Promise<Buffer> {
  return models.predict(predictName(request), request, signal);
}

/** The service as grpc-js takes it, with Predict's messages left as bytes: only the worker decodes tensors. */
export function agentServiceDefinition(): ServiceDefinition {
  const service = loadAgentService();
  const asIs = (bytes: Buffer): Buffer => bytes;
  return { ...service, Predict: { ...service.Predict, requestDeserialize: asIs, responseSerialize: asIs } } as unknown as ServiceDefinition;
}

/** A grpc-js handler from a function that returns a promise; its signal aborts on cancellation and deadline. */
function unary<Request, Response>(handler: (request: Request, signal: AbortSignal) => Promise<Response>): UntypedServiceImplementation[string] {
  return (call: Call, respond: sendUnaryData<unknown>): void => {
    const cancelled = new AbortController();
    call.on('cancelled', () => cancelled.abort());
    // The inner async function turns what the handler throws before its first await into a rejection, too.
    (async () => handler(call.request as Request, cancelled.signal))().then(
      (response) => respond(null, response),
      (error: unknown) => respond(statusOf(error)),
    );
  };
}

async function captureUnimplemented(): Promise<never> {
  throw new FescueError('unimplemented', 'This agent does not capture data yet: CaptureData and GetCaptureDataStatus are not available.');
}

function modelMessageOf(model: Model): ModelMessage {
  return {
    url: model.url,
    name: model.name,
    inputTensorMetadatas: model.inputs.map(metadataOf),
    outputTensorMetadatas: model.outputs.map(metadataOf),
  };
}

function metadataOf(spec: TensorSpec): TensorMetadataMessage {
  return { name: Buffer.from(spec.name), dataType: spec.dtype, shape: [...spec.shape] };
}
