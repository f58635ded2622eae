/**
 * The worker process: one model, one session, one run at a time. It lives as long as its end of the socket pair on
 * descriptor 3, so no worker outlives its agent.
 */
import { basename } from 'node:path';
import { FescueError, hasCode } from '../common/errors.ts';
import { defaultCapturePriority, type ModelManifest } from '../common/model-manifest.ts';
import { AttachedSegments } from './attached-segments.ts';
import { ClientSegments } from './client-segments.ts';
import { checkUnchanged } from './file-stamps.ts';
import { BlockingFrames, frameKinds, type Frame, type OutgoingFrame } from './frame.ts';
import { checkDeclaredTensors, openModelFiles } from './model-package.ts';
import { failure, Predictor } from './predictor.ts';
import { Session } from './session.ts';
import { decodeCount, decodeJson, encodeJson, type LoadOrder, type LoadResult } from './worker-messages.ts';

// The agent decides when a worker ends; a Ctrl-C or a supervisor's SIGTERM reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const agent = new BlockingFrames(3);
let predictor: Predictor | undefined;

void serve().catch((error: unknown) => {
  if (!hasCode(error, 'EPIPE', 'ECONNRESET')) throw error;
  process.exit(0);
});

/** Ends when the agent does: then there is nothing to read, or nobody to write to. */
async function serve(): Promise<void> {
  for (let frame = agent.read(); frame !== undefined; frame = agent.read()) {
    for (const answer of await answersTo(frame)) write(answer);
    predictor?.sweep();
  }
  process.exit(0);
}

function write(answer: OutgoingFrame): void {
  try {
    agent.write(answer);
  } catch (error) {
    if (!(error instanceof FescueError)) throw error;
    agent.write(failure(answer.callId, error));
  }
}

async function answersTo(frame: Frame): Promise<OutgoingFrame[]> {
  try {
    if (frame.kind === frameKinds.load) return [{ kind: frameKinds.loaded, callId: frame.callId, payload: [encodeJson(await load(decodeJson(frame.payload)))] }];
    if (predictor === undefined) throw new FescueError('internal', 'The worker was asked to predict before its model was loaded.');
    return await predictor.predict(predictionsOf(frame));
  } catch (error) {
    return [failure(frame.callId, error)];
  }
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const { modelPath, manifest, signer, stamps } = await openModelFiles(order.path, order.signaturePolicy);
  const session = await Session.open(modelPath, order);
  // Verified first and opened after that: the same files only if nobody touched them in between.
  await checkUnchanged(stamps);
  if (manifest !== undefined) checkDeclaredTensors(manifest, session.tensors);
  predictor = new Predictor({ session, arena: new AttachedSegments(), shared: new ClientSegments({ allowWritable: order.allowWritableSharedMemory }) });
  return { ...session.tensors, batchable: session.batchable, provider: session.provider, missingProviders: session.missingProviders, ...identityOf(modelPath, manifest), capturePriority: manifest?.capture.priority ?? defaultCapturePriority, ...(signer === undefined ? {} : { signer }) };
}

function identityOf(modelPath: string, manifest: ModelManifest | undefined): Pick<LoadResult, 'name' | 'version' | 'digest'> {
  if (manifest === undefined) return { name: basename(modelPath), version: '' };
  const { metadata, files, entry } = manifest;
  const digest = files[entry]?.sha256;
  return { name: metadata.model_name, version: metadata.model_version, ...(digest === undefined ? {} : { digest }) };
}

/** The frame itself, or those it announces. */
function predictionsOf(frame: Frame): Frame[] {
  if (frame.kind !== frameKinds.batch) return [frame];
  return Array.from({ length: decodeCount(frame.payload) }, () => agent.read()).filter((one) => one !== undefined);
}
