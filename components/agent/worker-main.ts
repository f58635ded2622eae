/**
 * The worker process: one model, one session, one prediction at a time. It lives as long as its end of the socket
 * pair on descriptor 3, so no worker outlives its agent.
 */
import { FescueError } from '../common/errors.ts';
import { decodePredictRequest, encodePredictResponse } from '../common/hot-codec.ts';
import { AttachedSegments } from './attached-segments.ts';
import { ClientSegments } from './client-segments.ts';
import { BlockingFrames, frameKinds, type Frame, type OutgoingFrame } from './frame.ts';
import { matchInputs } from './match-inputs.ts';
import { checkDeclaredTensors, openModelFiles } from './model-package.ts';
import { Session } from './session.ts';
import { decodeJson, decodeNote, encodeJson, failureOf, type LoadOrder } from './worker-messages.ts';

// The agent decides when a worker ends; a Ctrl-C or a supervisor's SIGTERM reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const agent = new BlockingFrames(3);
const segments = new AttachedSegments();
let loaded: { session: Session; shared: ClientSegments } | undefined;

void serve().catch(() => process.exit(0));

/** Ends when the agent does: then there is nothing to read, or nobody to write to. */
async function serve(): Promise<void> {
  for (let frame = agent.read(); frame !== undefined; frame = agent.read()) {
    agent.write({ ...(await answer(frame)), callId: frame.callId });
    loaded?.shared.sweep();
  }
  process.exit(0);
}

type Answer = Omit<OutgoingFrame, 'callId'>;

async function answer(frame: Frame): Promise<Answer> {
  try {
    return frame.kind === frameKinds.load ? await load(frame.payload) : await predict(requestOf(frame));
  } catch (error) {
    return { kind: frameKinds.failure, payload: [encodeJson(failureOf(error))] };
  }
}

async function load(payload: Buffer): Promise<Answer> {
  const order = decodeJson<LoadOrder>(payload);
  const { modelPath, manifest, signer } = await openModelFiles(order.path, order.signaturePolicy);
  const opened = await Session.open(modelPath, order);
  if (manifest !== undefined) checkDeclaredTensors(manifest, opened.tensors);
  loaded = { session: opened, shared: new ClientSegments({ allowWritable: order.allowWritableSharedMemory }) };
  return { kind: frameKinds.loaded, payload: [encodeJson({ ...opened.tensors, ...(signer === undefined ? {} : { signer }) })] };
}

/** In shared memory or in the frame itself; either stays as it is until the answer is written. */
function requestOf(frame: Frame): Buffer {
  return frame.kind === frameKinds.predictShared ? segments.view(decodeNote(frame.payload)) : frame.payload;
}

async function predict(payload: Buffer): Promise<Answer> {
  if (loaded === undefined) throw new FescueError('internal', 'The worker was asked to predict before its model was loaded.');
  const request = decodePredictRequest(payload);
  const { session, shared } = loaded;
  const outputs = await session.run(matchInputs(session.tensors.inputs, request.tensors, (wanted) => shared.read(wanted)));
  const response = {
    tensors: outputs.map((output) => ({
      tensorMetadata: { name: Buffer.from(output.name), dataType: output.dtype, shape: [...output.shape] },
      byteData: output.bytes,
    })),
  };
  return { kind: frameKinds.result, payload: [encodePredictResponse(response)] };
}
