import type { Contender, ContenderName } from './contenders.ts';
import type { Turn, TurnOrder } from './turn.ts';

/** A turn, and the time on a CPU it took the processes that did the work. */
export type Round = Turn & { readonly cpuMs: number | undefined };

/** The rounds of one contender, in the order they were. */
export type Measured = { readonly name: ContenderName; readonly rounds: readonly Round[] };

export type Plan = {
  readonly callers: number;
  readonly rounds: number;
  /** Milliseconds each contender has per round. */
  readonly turnMs: number;
  /** Calls before anything is measured, in at most as long as the rounds take together. */
  readonly warmUp: number;
  /** Told what comes next: the warm-up, or the number of a round. */
  readonly onStep?: (step: 'warm-up' | number) => void;
};

/** The contenders take turns, so that what slows the machine down slows all of them; another one begins each round. */
export async function compare(contenders: readonly Contender[], plan: Plan): Promise<Measured[]> {
  const { callers, turnMs, rounds, warmUp } = plan;
  if (warmUp > 0) plan.onStep?.('warm-up');
  for (const contender of contenders) if (warmUp > 0) await contender.takeTurn({ callers, ms: rounds * turnMs, calls: warmUp });
  const measured = contenders.map((contender) => ({ name: contender.name, contender, rounds: [] as Round[] }));
  for (let round = 0; round < rounds; round += 1) {
    plan.onStep?.(round + 1);
    const first = round % measured.length;
    for (const one of [...measured.slice(first), ...measured.slice(0, first)]) one.rounds.push(await measureTurn(one.contender, { callers, ms: turnMs }));
  }
  return measured.map(({ name, rounds: done }) => ({ name, rounds: done }));
}

async function measureTurn(contender: Contender, order: TurnOrder): Promise<Round> {
  const before = contender.cpuMs();
  const turn = await contender.takeTurn(order);
  const after = contender.cpuMs();
  return { ...turn, cpuMs: before === undefined || after === undefined ? undefined : after - before };
}
