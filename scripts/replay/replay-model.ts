import { resolve } from 'node:path';
import type { ModelTensors } from '../../components/agent/worker-messages.ts';
import type { Tensor } from '../../components/common/tensor.ts';
import { withRunningAgent } from '../measure/running-agent.ts';
import { withPrivateAgent, type PrivateModel } from '../packaging/private-agent.ts';
import { withSessionProgram } from './session-program.ts';

/** A model that captures are replayed with. */
export type ReplayModel = {
  readonly tensors: ModelTensors;
  /** @throws FescueError `invalid-argument` or `internal` when it does not run on these inputs; others when it is gone */
  readonly run: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;
};

/** Where a model runs: in a program of its own, in an agent started for it, or in a running one. */
export type Via = 'in-process' | { readonly socket: string | undefined };

export type ModelOptions = {
  /** A package folder or an `.onnx` file. */
  readonly path: string;
  readonly via: Via;
  /** Of a model that is not in a running agent. */
  readonly intraOpThreads: number;
  readonly signal: AbortSignal;
};

/**
 * Loads a model for as long as it is used; afterwards, and when the signal is aborted, everything is as before.
 *
 * @throws FescueError as the model is refused
 */
export async function withReplayModel<Result>({ path, via, intraOpThreads, signal }: ModelOptions, use: (model: ReplayModel) => Promise<Result>): Promise<Result> {
  if (via === 'in-process') return withSessionProgram({ path: resolve(path), intraOpThreads, signal }, use);
  const useLoaded = async (loaded: PrivateModel): Promise<Result> => use(throughAgent(loaded, signal));
  if (via.socket === undefined) return withPrivateAgent(path, ['--intra-op-threads', String(intraOpThreads)], useLoaded, signal);
  return withRunningAgent({ socketPath: via.socket, target: { path: resolve(path) }, signal, purpose: 'replay' }, useLoaded);
}

function throughAgent({ client, alias, model }: PrivateModel, signal: AbortSignal): ReplayModel {
  return {
    tensors: model,
    run: (inputs) => client.predict(alias, inputs.map(({ bytes, ...metadata }) => ({ bytes, metadata })), { signal }),
  };
}
