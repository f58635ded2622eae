import { status, type sendUnaryData, type ServerUnaryCall, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Model } from '../common/agent-client.ts';
import { FescueError, messageOf } from '../common/errors.ts';
import type { TensorSpec } from '../common/tensor.ts';
import { loadAgentService, type AgentMethod, type ModelMessage, type TensorMetadataMessage } from '../common/wire.ts';
import type { ModelRegistry } from './model-registry.ts';
import { predictName } from './predict-name.ts';
import { statusOf } from './status.ts';

type NamedRequest = { name: string };
type Call = ServerUnaryCall<Buffer, unknown>;

/** The seven calls of the agent. */
export function agentHandlers(models: ModelRegistry): UntypedServiceImplementation {
  const control = decoding(loadAgentService());
  const handlers: Record<AgentMethod, UntypedServiceImplementation[string]> = {
    Predict: unary((message, signal) => models.predict(predictName(message), message, signal)),
    LoadModel: control('LoadModel', async (request: { url: string; name: string }) => ({ model: modelMessageOf(await models.load(request.url, request.name)) })),
    UnLoadModel: control('UnLoadModel', async (request: NamedRequest) => {
      await models.unload(request.name);
      return {};
    }),
    ListModels: control('ListModels', async () => ({ models: models.list().map(modelMessageOf) })),
    DescribeModel: control('DescribeModel', async (request: NamedRequest) => ({ model: modelMessageOf(models.describe(request.name)) })),
    CaptureData: control('CaptureData', captureUnimplemented),
    GetCaptureDataStatus: control('GetCaptureDataStatus', captureUnimplemented),
  };
  return handlers;
}

/**
 * The service as grpc-js takes it, with requests left as bytes: what cannot be decoded is for the handlers to refuse,
 * and of Predict only the worker decodes tensors.
 */
export function agentServiceDefinition(): ServiceDefinition {
  const service = loadAgentService();
  const asIs = (bytes: Buffer): Buffer => bytes;
  const undecoded = Object.entries(service).map(([method, definition]) => [method, { ...definition, requestDeserialize: asIs }]);
  return { ...Object.fromEntries(undecoded), Predict: { ...service.Predict, requestDeserialize: asIs, responseSerialize: asIs } } as ServiceDefinition;
}

/** Makes handlers of decoded requests; a message that is none of the method's is refused with `invalid-argument`. */
function decoding(service: ReturnType<typeof loadAgentService>) {
  return <Request>(method: AgentMethod, handler: (request: Request) => Promise<object>): UntypedServiceImplementation[string] =>
    unary(async (message) => {
      let request: object;
      try {
        request = service[method].requestDeserialize(message);
      } catch (error) {
        throw new FescueError('invalid-argument', `${method}: the request is no ${method}Request message (${messageOf(error)}).`, { cause: error });
      }
      return handler(request as Request);
    });
}

/** A grpc-js handler from a function that returns a promise; its signal aborts on cancellation and deadline. */
function unary(handler: (message: Buffer, signal: AbortSignal) => Promise<object>): UntypedServiceImplementation[string] {
  return (call: Call, respond: sendUnaryData<unknown>): void => {
    const cancelled = new AbortController();
    call.on('cancelled', () => cancelled.abort());
    // The inner async function turns what the handler throws before its first await into a rejection, too.
    (async () => handler(call.request, cancelled.signal))().then(
      // Nobody hears that it was cancelled, but it is counted.
      (response) => (call.cancelled ? respond({ code: status.CANCELLED }) : respond(null, response)),
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
