import { FescueError } from '../../components/common/errors.ts';
import { withPrivateAgent } from '../packaging/private-agent.ts';
import { agentFlags, type Settings } from './bench.ts';
import { compare } from './compare.ts';
import { openAgentContenders, type AgentModel, type Transport } from './contenders.ts';
import { makeInputs, type Shapes } from './payload.ts';
import type { Tried } from './recommend.ts';
import { median } from './statistics.ts';
import type { Model } from '../../components/common/agent-client.ts';

export type GridRequest = {
  /** A package folder or an `.onnx` file. */
  readonly path: string;
  readonly shapes: Shapes;
  readonly transport: Transport;
  /** At once, when calls per second are counted. */
  readonly callers: number;
  /** What each setting gets with one caller and with many, over both passes. */
  readonly durationMs: number;
  readonly warmUp: number;
  readonly signal: AbortSignal;
  readonly onStep: (text: string) => void;
};

const passes = 2;
const startSeconds = 3;

/** About how long a grid takes. */
export function gridSeconds(points: number, durationMs: number): number {
  return points * ((2 * durationMs) / 1000 + passes * startSeconds);
}

/**
 * Tries settings on agents of their own, one at a time so that memory suffices, and in the opposite order the second
 * time, so that a machine that slows down does so for all of them.
 *
 * @returns those that were tried, and a note on each that the agent refused for want of memory
 * @throws FescueError as an agent refused the model
 */
export async function tryGrid(grid: readonly Settings[], request: GridRequest): Promise<{ tried: Tried[]; notes: string[] }> {
  const points = grid.map((settings) => ({ settings, p50Ms: [] as number[], perSecond: [] as number[], refusal: '' }));
  for (const [pass, order] of [points, points.toReversed()].entries()) {
    for (const point of order.filter(({ refusal }) => refusal === '')) {
      const { intraOpThreads, instances } = point.settings;
      request.onStep(`IntraOpThreads ${intraOpThreads}, Instances ${instances}: pass ${pass + 1} of ${passes}`);
      try {
        const found = await withPrivateAgent(request.path, agentFlags(point.settings, request.callers), (loaded) => measurePoint(loaded, request), request.signal);
        point.p50Ms.push(found.p50Ms);
        point.perSecond.push(found.perSecond);
      } catch (error) {
        if (!(error instanceof FescueError) || error.kind !== 'resource-exhausted') throw error;
        point.refusal = error.message;
      }
    }
  }
  const [done, refused] = [points.filter(({ refusal }) => refusal === ''), points.filter(({ refusal }) => refusal !== '')];
  if (done.length === 0) throw new FescueError('resource-exhausted', `No setting could be tried: ${refused[0]?.refusal}`);
  return {
    tried: done.map(({ settings, p50Ms, perSecond }) => ({ ...settings, p50Ms, perSecond })),
    notes: refused.map(({ settings, refusal }) => `IntraOpThreads ${settings.intraOpThreads}, Instances ${settings.instances} was not tried: ${refusal}`),
  };
}

async function measurePoint(loaded: AgentModel & { readonly model: Model }, { shapes, transport, callers, durationMs, warmUp, signal }: GridRequest): Promise<{ p50Ms: number; perSecond: number }> {
  const { contenders, close } = await openAgentContenders(loaded, { inputs: makeInputs(loaded.model.inputs, shapes), transports: [transport], signal });
  try {
    const plan = { rounds: 1, turnMs: durationMs / passes, warmUp };
    const [one] = await compare(contenders, { ...plan, callers: 1 });
    const [many] = await compare(contenders, { ...plan, callers });
    return { p50Ms: median(one?.rounds[0]?.samples ?? []), perSecond: many?.rounds[0]?.perSecond ?? Number.NaN };
  } finally {
    close();
  }
}
