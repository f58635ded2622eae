import type { Model } from '../common/agent-client.ts';
import { decodeGetCaptureDataStatusRequest } from '../common/capture-codec.ts';
import { FescueError, messageOf } from '../common/errors.ts';
import type { TensorSpec } from '../common/tensor.ts';
import { loadAgentService, type AgentMethod, type ModelMessage, type TensorMetadataMessage } from '../common/wire.ts';
import type { Captures } from './capture/captures.ts';
import type { ModelRegistry } from './model-registry.ts';
import { modelNameIn } from './model-name.ts';
import type { UnaryMethod } from './unary-call.ts';

type NamedRequest = { name: string };

const emptyMessage = Buffer.alloc(0);

/** The seven calls of the agent, by their HTTP/2 paths. Messages with tensors stay bytes: only those who need the tensors decode them. */
export function agentMethods(models: ModelRegistry, captures: Captures): Map<string, UnaryMethod> {
  const service = loadAgentService();
  const control = decoding(service);
  const methods: Record<AgentMethod, UnaryMethod> = {
    Predict: async (message, signal) => models.predict(modelNameIn(message, 'Predict'), message, signal),
    LoadModel: control('LoadModel', async (request: { url: string; name: string }) => ({ model: modelMessageOf(await models.load(request.url, request.name)) })),
    UnLoadModel: control('UnLoadModel', async (request: NamedRequest) => {
      await models.unload(request.name);
      return {};
    }),
    ListModels: control('ListModels', async () => ({ models: models.list().map(modelMessageOf) })),
    DescribeModel: control('DescribeModel', async (request: NamedRequest) => ({ model: modelMessageOf(models.describe(request.name)) })),
    CaptureData: async (message, signal) => {
      const alias = modelNameIn(message, 'CaptureData');
      await captures.capture(message, models.captured(alias), signal);
      models.sampled(alias);
      return emptyMessage;
    },
    GetCaptureDataStatus: control('GetCaptureDataStatus', async (id: string) => ({ status: await captures.status(id) }), decodeGetCaptureDataStatusRequest),
  };
  return new Map(Object.entries(methods).map(([name, method]) => [service[name as AgentMethod].path, method]));
}

/** Makes methods of functions that take and return decoded messages; what is no such message is refused with `invalid-argument`. */
function decoding(service: ReturnType<typeof loadAgentService>) {
  return <Request>(name: AgentMethod, answer: (request: Request) => Promise<object>, decode?: (message: Buffer) => Request): UnaryMethod => {
    const { requestDeserialize, responseSerialize } = service[name];
    return async (message) => {
      let request: Request;
      try {
        request = decode === undefined ? (requestDeserialize(message.joined()) as Request) : decode(message.joined());
      } catch (error) {
        throw new FescueError('invalid-argument', `${name}: the request is no ${name}Request message (${messageOf(error)}).`, { cause: error });
      }
      return responseSerialize(await answer(request));
    };
  };
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
