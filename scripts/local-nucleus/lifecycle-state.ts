/** The states of a component, as the nucleus names them. */
export type ComponentState = 'NEW' | 'INSTALLED' | 'STARTING' | 'RUNNING' | 'STOPPING' | 'ERRORED' | 'BROKEN' | 'FINISHED';

/** The states whose errors are counted, each on its own. */
export type CountedState = 'NEW' | 'STARTING' | 'RUNNING';

/** When the latest errors in a row happened, by state; milliseconds since 1970. */
export type ErrorHistory = Readonly<Record<CountedState, readonly number[]>>;

export const noErrors: ErrorHistory = { NEW: [], STARTING: [], RUNNING: [] };

/** As many errors in a row make a component `BROKEN`. */
export const maxErrors = 3;

/** Adds an error; those before a gap longer than `resetMs` no longer count. */
export function withError(history: ErrorHistory, during: CountedState, nowMs: number, resetMs: number): ErrorHistory {
  const latest = history[during].at(-1);
  const earlier = latest !== undefined && nowMs - latest < resetMs ? history[during] : [];
  return { ...history, [during]: [...earlier, nowMs] };
}

/** Forgets the errors of a state that was left without one. */
export function withoutErrors(history: ErrorHistory, during: CountedState): ErrorHistory {
  return { ...history, [during]: [] };
}

/** Whether a deployment is content with the state. */
export function isUp(state: ComponentState): boolean {
  return state === 'RUNNING' || state === 'FINISHED';
}
