import { decodePredictRequest, encodePredictResponse } from '../common/hot-codec.ts';
import type { Tensor } from '../common/tensor.ts';
import type { AttachedSegments } from './attached-segments.ts';
import { batchKey, joinBatch, splitBatch } from './batch.ts';
import type { ClientSegments } from './client-segments.ts';
import { frameKinds, type Frame, type OutgoingFrame } from './frame.ts';
import { matchInputs } from './match-inputs.ts';
import type { Session } from './session.ts';
import { decodeNote, encodeJson, failureOf } from './worker-messages.ts';

type Request = { readonly callId: number; readonly inputs: readonly Tensor[] };

/** What a worker does with predictions once its model is loaded. */
export class Predictor {
  readonly #session: Session;
  /** The agent's memory, for large requests. */
  readonly #arena: AttachedSegments;
  /** The clients' memory, for tensors that are not in the request. */
  readonly #shared: ClientSegments;

  constructor(options: { session: Session; arena: AttachedSegments; shared: ClientSegments }) {
    this.#session = options.session;
    this.#arena = options.arena;
    this.#shared = options.shared;
  }

  /**
   * Runs predictions, as one where they fit together.
   *
   * @param frames with a PredictRequest message each, in the frame or in shared memory; both stay as they are until the
   *   answers are written
   * @returns an answer to each, in any order
   */
  async predict(frames: readonly Frame[]): Promise<OutgoingFrame[]> {
    const answers: OutgoingFrame[] = [];
    const requests: Request[] = [];
    for (const frame of frames) {
      try {
        requests.push({ callId: frame.callId, inputs: this.#inputsOf(frame) });
      } catch (error) {
        answers.push(failure(frame.callId, error));
      }
    }
    for (const batch of batchesOf(requests)) answers.push(...((await this.#runAsOne(batch)) ?? (await this.#runOneByOne(batch))));
    return answers;
  }

  /** Lets go of memory that clients gave up; to be called when the answers are written. */
  sweep(): void {
    this.#shared.sweep();
  }

  #inputsOf({ kind, payload }: Frame): Tensor[] {
    const { tensors } = decodePredictRequest(kind === frameKinds.predictShared ? this.#arena.view(decodeNote(payload)) : payload);
    return matchInputs(this.#session.tensors.inputs, tensors, (wanted) => this.#shared.read(wanted));
  }

  /** @returns undefined when they have to run one by one: there is only one, together they fail, or the model mixes rows */
  async #runAsOne(batch: readonly Request[]): Promise<OutgoingFrame[] | undefined> {
    if (batch.length === 1) return undefined;
    const all = batch.map(({ inputs }) => inputs);
    const outputs = await this.#session.run(joinBatch(all)).catch(() => undefined);
    const shares = outputs === undefined ? undefined : splitBatch(outputs, all);
    return shares && batch.map(({ callId }, index) => result(callId, shares[index] ?? []));
  }

  async #runOneByOne(batch: readonly Request[]): Promise<OutgoingFrame[]> {
    const answers: OutgoingFrame[] = [];
    for (const { callId, inputs } of batch) {
      try {
        answers.push(result(callId, await this.#session.run(inputs)));
      } catch (error) {
        answers.push(failure(callId, error));
      }
    }
    return answers;
  }
}

export function failure(callId: number, error: unknown): OutgoingFrame {
  return { kind: frameKinds.failure, callId, payload: [encodeJson(failureOf(error))] };
}

function batchesOf(requests: readonly Request[]): Iterable<readonly Request[]> {
  if (requests.length === 1) return [requests];
  return Map.groupBy(requests, ({ inputs }) => batchKey(inputs) ?? Symbol('alone')).values();
}

function result(callId: number, outputs: readonly Tensor[]): OutgoingFrame {
  const tensors = outputs.map((output) => ({
    tensorMetadata: { name: Buffer.from(output.name), dataType: output.dtype, shape: [...output.shape] },
    byteData: output.bytes,
  }));
  return { kind: frameKinds.result, callId, payload: [encodePredictResponse({ tensors })] };
}
