import type { Account } from './memory-cloud.ts';
import type { Cloud } from '../../scripts/cloud/cloud.ts';
import type { Wish } from '../../scripts/setup/desired.ts';
import { applySetup, planSetup, type Planned } from '../../scripts/setup/run-setup.ts';
import type { Step } from '../../scripts/setup/step.ts';

/** The fleet `lobby` with one device, as setup's flags leave it. */
export function wishOf(others: Partial<Wish> = {}): Wish {
  return { fleet: 'lobby', things: ['cam-1'], names: {}, variant: 'least-privilege', fullAccess: false, prefix: 'sme-capture', artifacts: [], adopt: false, ...others };
}

/** The names that setup gives in an empty account. */
export const usual = { role: 'SageMakerFescue-lobby', alias: 'SageMakerEdge-lobby', bucket: 'sagemaker-lobby-123456789012-eu-west-1' };

export async function planned(cloud: Cloud, wish = wishOf(), mode: Planned['mode'] = 'make'): Promise<Planned> {
  return planSetup(cloud, wish, mode);
}

/** Plans and does it. @returns what was planned */
export async function applied(cloud: Cloud, wish = wishOf(), mode: Planned['mode'] = 'make'): Promise<Planned> {
  const plan = await planned(cloud, wish, mode);
  await applySetup(plan, { cloud, signal: new AbortController().signal, tell: () => undefined });
  return plan;
}

/** One line a step, without the usual names. */
export function brief(steps: readonly Step[]): string[] {
  return steps.map(({ change, resource }) => `${change} ${resource}`);
}

/** Only what is not kept. */
export function due(steps: readonly Step[]): string[] {
  return brief(steps.filter(({ change }) => change !== 'keep'));
}

/** All of an account, in a form that compares: policies as what they say, sets in order. */
export function snapshot(account: Account): unknown {
  return JSON.parse(JSON.stringify(account, plain)) as unknown;
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value) as unknown;
  if (value instanceof Set) return [...(value as Set<string>)].toSorted();
  return typeof value === 'string' && value.startsWith('{') ? (JSON.parse(value) as unknown) : value;
}
