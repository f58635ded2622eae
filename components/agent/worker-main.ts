/**
 * The worker process: one model, one session, one prediction at a time. It lives as long as its end of the socket
 * pair on descriptor 3, so no worker outlives its agent.
 */
import { Socket } from 'node:net';
import { FescueError } from '../common/errors.ts';
import { decodePredictRequest, encodePredictResponse } from '../common/hot-codec.ts';
import { AttachedSegments } from './attached-segments.ts';
import { ClientSegments } from './client-segments.ts';
import { FrameReader, frameKinds, writeFrame, type Frame } from './frame.ts';
import { matchInputs } from './match-inputs.ts';
import { checkDeclaredTensors, openModelFiles } from './model-package.ts';
import { Session } from './session.ts';
import { decodeJson, decodeNote, encodeJson, failureOf, type LoadOrder } from './worker-messages.ts';

// The agent decides when a worker ends; a Ctrl-C or a supervisor's SIGTERM reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const agent = new Socket({ fd: 3 });
const segments = new AttachedSegments();
let loaded: { session: Session; shared: ClientSegments } | undefined;
let previous: Promise<void> = Promise.resolve();

const reader = new FrameReader((frame) => {
  previous = previous.then(() => answer(frame));
});
agent.on('data', (chunk: Buffer) => reader.push(chunk));
agent.on('close', () => process.exit(0));
agent.on('error', () => process.exit(0));

async function answer(frame: Frame): Promise<void> {
  try {
    const reply = frame.kind === frameKinds.load ? await load(frame.payload) : await predict(requestOf(frame));
    writeFrame(agent, { ...reply, callId: frame.callId });
    loaded?.shared.sweep();
  } catch (error) {
    writeFrame(agent, { kind: frameKinds.failure, callId: frame.callId, payload: encodeJson(failureOf(error)) });
  }
}

async function load(payload: Buffer): Promise<Pick<Frame, 'kind' | 'payload'>> {
  const order = decodeJson<LoadOrder>(payload);
  const { modelPath, manifest, signer } = await openModelFiles(order.path, order.signaturePolicy);
  const opened = await Session.open(modelPath, order);
  if (manifest !== undefined) checkDeclaredTensors(manifest, opened.tensors);
  loaded = { session: opened, shared: new ClientSegments({ allowWritable: order.allowWritableSharedMemory }) };
  return { kind: frameKinds.loaded, payload: encodeJson({ ...opened.tensors, ...(signer === undefined ? {} : { signer }) }) };
}

/** In shared memory or in the frame itself; either stays as it is until the answer is written. */
function requestOf(frame: Frame): Buffer {
  return frame.kind === frameKinds.predictShared ? segments.view(decodeNote(frame.payload)) : frame.payload;
}

async function predict(payload: Buffer): Promise<Pick<Frame, 'kind' | 'payload'>> {
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
  return { kind: frameKinds.result, payload: encodePredictResponse(response) };
}
