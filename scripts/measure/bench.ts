import { cpus, totalmem } from 'node:os';
import { availableCpus } from '../../components/common/available-cpus.ts';
import type { AgentClient, Model } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import type { DataType, Tensor } from '../../components/common/tensor.ts';
import { productVersion } from '../../components/common/version.ts';
import { withPrivateAgent } from '../packaging/private-agent.ts';
import { compare, type Measured } from './compare.ts';
import { openAgentContenders, type Contender, type Transport } from './contenders.ts';
import { figuresOf, pairedRatio, type Figures } from './figures.ts';
import { openInProcess } from './in-process.ts';
import { makeInputs, type Shapes } from './payload.ts';
import { pathOfUrl, withRunningAgent } from './running-agent.ts';
import { median } from './statistics.ts';
import { modelFileOf, withModelPath } from './subject.ts';

/** What a model of an agent runs with: the agent's settings `IntraOpThreads` and `Instances`. */
export type Settings = { readonly intraOpThreads: number; readonly instances: number };

export type BenchRequest = {
  /** A package folder, an `.onnx` file or the name of a built-in model; or the alias of a loaded one. */
  readonly subject: { readonly model: string } | { readonly alias: string };
  /** The socket of a running agent; without it an agent is started. */
  readonly socketPath: string | undefined;
  /** Of the agent that is started, and of the in-process baseline. */
  readonly settings: Settings;
  readonly shapes: Shapes;
  readonly transports: readonly Transport[];
  /** Numbers of callers, each measured by itself. */
  readonly concurrency: readonly number[];
  /** What each contender gets for each number of callers, in `rounds` turns. */
  readonly durationMs: number;
  readonly rounds: number;
  /** Calls of each contender before it is measured. */
  readonly warmUp: number;
  readonly signal: AbortSignal;
};

/** The contenders with one number of callers. */
export type Level = {
  readonly concurrency: number;
  readonly contenders: readonly Figures[];
  /** p50 through shared memory as a multiple of that by bytes: the median of the rounds; null unless both were measured. */
  readonly sharedMemoryToBytes: number | null;
};

/** What is measured, known before anything is. */
export type Setting = {
  readonly fescue: string;
  readonly device: { readonly processor: string; readonly cpus: number; readonly memoryBytes: number; readonly node: string };
  readonly model: { readonly name: string; readonly inputs: readonly { readonly name: string; readonly dtype: DataType; readonly shape: readonly number[]; readonly bytes: number }[] };
  readonly agent: { readonly socket: string | null; readonly pid: number | null } & Settings;
  readonly durationSeconds: number;
  readonly rounds: number;
  readonly warmUpCalls: number;
};

export type Report = Setting & {
  readonly levels: readonly Level[];
  /** What was not measured, and what to know of what was. */
  readonly notes: readonly string[];
};

/** Told while it measures. */
export type Observer = {
  readonly onSetting: (setting: Setting, seconds: number) => void;
  readonly onStep: (text: string) => void;
  readonly onLevel: (level: Level) => void;
};

type Loaded = { readonly client: AgentClient; readonly alias: string; readonly model: Model; readonly agentPid: number | undefined };

/** Flags of an agent that is started to be measured; it takes as much at once as is measured. */
export function agentFlags({ intraOpThreads, instances }: Settings, callers: number): string[] {
  return Object.entries({ 'intra-op-threads': intraOpThreads, instances, 'queue-size': Math.max(64, callers), 'max-message-megabytes': 2_000 }).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
}

/**
 * Measures a model through an agent, and without one in the same rounds.
 *
 * @throws FescueError when the model or the agent cannot be used; anything when the signal is aborted
 */
export async function bench(request: BenchRequest, observer: Observer): Promise<Report> {
  const { subject, socketPath, signal } = request;
  const measure = async (loaded: Loaded): Promise<Report> => measureLoaded(loaded, request, observer);
  if ('alias' in subject) {
    if (socketPath === undefined) throw new FescueError('invalid-argument', 'An alias is of a running agent. Name its socket.');
    return withRunningAgent({ socketPath, target: subject, signal }, measure);
  }
  return withModelPath(subject.model, async (path) =>
    socketPath === undefined ? withPrivateAgent(path, agentFlags(request.settings, Math.max(...request.concurrency)), measure, signal) : withRunningAgent({ socketPath, target: { path }, signal }, measure),
  );
}

async function measureLoaded(loaded: Loaded, request: BenchRequest, observer: Observer): Promise<Report> {
  const { signal, shapes, transports } = request;
  const inputs = makeInputs(loaded.model.inputs, shapes);
  const through = await openAgentContenders(loaded, { inputs, transports, signal });
  try {
    const without = await openBaseline(loaded, request);
    try {
      const setting = settingOf(loaded, inputs, request);
      const contenders = [...without.contenders, ...through.contenders];
      observer.onSetting(setting, (request.concurrency.length * contenders.length * request.durationMs) / 1000);
      const levels = await measureLevels(contenders, request, observer);
      return { ...setting, levels, notes: [...through.notes, ...without.notes, ...notesOf(loaded, request)] };
    } finally {
      without.close();
    }
  } finally {
    through.close();
  }
}

async function measureLevels(contenders: readonly Contender[], { concurrency, durationMs, rounds, warmUp }: BenchRequest, observer: Observer): Promise<Level[]> {
  const levels: Level[] = [];
  for (const callers of concurrency) {
    const onStep = (step: 'warm-up' | number): void => observer.onStep(`${callers} at once: ${step === 'warm-up' ? step : `round ${step} of ${rounds}`}`);
    const level = levelOf(callers, await compare(contenders, { callers, rounds, turnMs: durationMs / rounds, warmUp, onStep }));
    observer.onLevel(level);
    levels.push(level);
  }
  return levels;
}

function levelOf(concurrency: number, measured: readonly Measured[]): Level {
  const [bytes, shared] = [measured.find(({ name }) => name === 'bytes'), measured.find(({ name }) => name === 'shared-memory')];
  const sharedMemoryToBytes = bytes === undefined || shared === undefined ? null : pairedRatio(shared, bytes, ({ samples }) => median(samples));
  return { concurrency, contenders: figuresOf(measured), sharedMemoryToBytes };
}

type Baseline = { readonly contenders: readonly Contender[]; readonly notes: readonly string[]; readonly close: () => void };

/** The in-process contender, or the reason why there is none. */
async function openBaseline({ model, agentPid }: Loaded, { settings, shapes, signal }: BenchRequest): Promise<Baseline> {
  const none = (why: string): Baseline => ({ contenders: [], notes: [`There is no in-process baseline: ${why}`], close: () => undefined });
  const place = pathOfUrl(model.url, agentPid);
  const path = place === undefined ? undefined : await modelFileOf(place);
  if (path === undefined) return none(`the model file of ${model.url} cannot be found from here.`);
  try {
    const contender = await openInProcess({ path, shapes, ...settings, signal });
    return { contenders: [contender], notes: [], close: contender.close };
  } catch (error) {
    if (!(error instanceof FescueError) || error.kind !== 'failed-precondition') throw error;
    return none(error.message);
  }
}

function settingOf({ alias, agentPid }: Loaded, inputs: readonly Tensor[], request: BenchRequest): Setting {
  return {
    fescue: productVersion,
    device: { processor: cpus()[0]?.model ?? 'unknown', cpus: availableCpus(), memoryBytes: totalmem(), node: process.versions.node },
    model: { name: 'model' in request.subject ? request.subject.model : alias, inputs: inputs.map(({ name, dtype, shape, bytes }) => ({ name, dtype, shape, bytes: bytes.length })) },
    agent: { socket: request.socketPath ?? null, pid: agentPid ?? null, ...request.settings },
    durationSeconds: request.durationMs / 1000,
    rounds: request.rounds,
    warmUpCalls: request.warmUp,
  };
}

function notesOf({ agentPid }: Loaded, { socketPath, settings }: BenchRequest): string[] {
  if (socketPath === undefined) return [];
  const unseen = agentPid === undefined ? ["The agent's CPU time is not known: which process serves the socket is only shown to its own user and to root."] : [];
  return [...unseen, `The in-process baseline has ${settings.intraOpThreads} threads and ${settings.instances} instances; if the agent's settings IntraOpThreads and Instances are others, name them with --threads and --instances.`];
}
