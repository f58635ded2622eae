import type { AgentClient, PredictInput } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import { SharedBuffer } from '../../components/common/shared-buffer.ts';
import { describeTensor, type Tensor } from '../../components/common/tensor.ts';
import { listProcesses, withDescendants } from '../local-nucleus/process-tree.ts';
import { takeTurn, type Turn, type TurnOrder } from './turn.ts';

/** Ways to hand tensors to an agent. */
export const transports = ['bytes', 'shared-memory'] as const;
export type Transport = (typeof transports)[number];
export type ContenderName = 'in-process' | Transport;

/** One way to run a model, to be compared with others. */
export type Contender = {
  readonly name: ContenderName;
  readonly takeTurn: (order: TurnOrder) => Promise<Turn>;
  /** Time on a CPU so far of the processes that do the work, callers left out; undefined when they are not known. */
  readonly cpuMs: () => number | undefined;
};

/** A model of a running agent. */
export type AgentModel = { readonly client: Pick<AgentClient, 'predict'>; readonly alias: string; readonly agentPid: number | undefined };

/** Time on a CPU of these processes and all below them, in steps of 10 ms. */
export function familyCpuMs(pids: readonly number[]): number {
  return withDescendants(listProcesses(), pids).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** The tensors go in the message. */
export function bytesContender(loaded: AgentModel, inputs: readonly Tensor[], signal: AbortSignal): Contender {
  return throughAgent('bytes', loaded, { inputs: inputs.map(({ bytes, ...metadata }) => ({ bytes, metadata })), signal });
}

/**
 * The tensors lie in shared memory. The caller has to close it, when no call is under way.
 *
 * @throws FescueError when there is no shared memory for them
 */
export function sharedMemoryContender(loaded: AgentModel, inputs: readonly Tensor[], signal: AbortSignal): Contender & { readonly close: () => void } {
  const buffers: SharedBuffer[] = [];
  const close = (): void => buffers.splice(0).forEach((buffer) => buffer.close());
  try {
    const shared = inputs.map(({ bytes, ...metadata }): PredictInput => {
      const buffer = new SharedBuffer(bytes.length);
      buffers.push(buffer);
      buffer.fill(bytes);
      return { shared: buffer.handle, metadata };
    });
    return { ...throughAgent('shared-memory', loaded, { inputs: shared, signal }), close };
  } catch (error) {
    close();
    throw error;
  }
}

function throughAgent(name: Transport, { client, alias, agentPid }: AgentModel, call: { readonly inputs: readonly PredictInput[]; readonly signal: AbortSignal }): Contender {
  const predict = async (): Promise<void> => {
    await client.predict(alias, call.inputs, { signal: call.signal });
  };
  return { name, takeTurn: (order) => takeTurn(predict, order), cpuMs: () => (agentPid === undefined ? undefined : familyCpuMs([agentPid])) };
}

/** Contenders that have each predicted once, and what keeps others from it. To be closed when no call is under way. */
export type AgentContenders = { readonly contenders: readonly Contender[]; readonly notes: readonly string[]; readonly close: () => void };

type Wanted = { readonly inputs: readonly Tensor[]; readonly transports: readonly Transport[]; readonly signal: AbortSignal };

/**
 * Tries the ways to hand over tensors. Shared memory that is refused costs a note, unless no other way was asked for.
 *
 * @throws FescueError as the agent answered
 */
export async function openAgentContenders(loaded: AgentModel, { inputs, transports: wanted, signal }: Wanted): Promise<AgentContenders> {
  const bytes = wanted.includes('bytes') ? [bytesContender(loaded, inputs, signal)] : [];
  for (const contender of bytes) await probe(contender, inputs);
  if (!wanted.includes('shared-memory')) return { contenders: bytes, notes: [], close: () => undefined };
  try {
    const shared = await openSharedMemory(loaded, inputs, signal);
    return { contenders: [...bytes, shared], notes: [], close: shared.close };
  } catch (error) {
    if (bytes.length === 0 || !(error instanceof FescueError) || !refusals.has(error.kind)) throw error;
    return { contenders: bytes, notes: [`Shared memory cannot be used: ${error.message}`], close: () => undefined };
  }
}

/** How an agent of another user, an agent without shared memory, or a system without room for it answers. */
const refusals: ReadonlySet<string> = new Set(['failed-precondition', 'invalid-argument', 'unimplemented', 'resource-exhausted']);

async function openSharedMemory(loaded: AgentModel, inputs: readonly Tensor[], signal: AbortSignal): Promise<ReturnType<typeof sharedMemoryContender>> {
  const shared = sharedMemoryContender(loaded, inputs, signal);
  try {
    await probe(shared, inputs);
    return shared;
  } catch (error) {
    shared.close();
    throw error;
  }
}

/** Predicts once. */
async function probe(contender: Contender, inputs: readonly Tensor[]): Promise<void> {
  try {
    await contender.takeTurn({ callers: 1, ms: 0 });
  } catch (error) {
    if (!(error instanceof FescueError) || !['invalid-argument', 'internal'].includes(error.kind)) throw error;
    const made = inputs.map((input) => `"${input.name}" ${describeTensor(input)}`).join(', ');
    throw new FescueError(error.kind, `The model does not run on the made-up input ${made}: ${error.message} Give the lengths of its dynamic axes with --shape, if they are the cause.`, { cause: error });
  }
}
