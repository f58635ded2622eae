import type { CloudFault } from '../../../scripts/cloud/cloud-error.ts';
import { cloudError, type CloudCall } from '../../../scripts/cloud/explain.ts';

/** The process that made the calls is gone, as far as a test is concerned. */
export class Crash extends Error {
  constructor() {
    super('told by the test: the process ends here');
    this.name = 'Crash';
  }
}

export type Failing = {
  /** Calls of this action only, such as `iam:GetRole`. */
  readonly action?: string;
  /** Only the so-manieth of these calls, from 1; otherwise all of them. */
  readonly nth?: number;
  /** Only calls that change something. */
  readonly changing?: boolean;
};

type Trap = Required<Pick<Failing, 'changing'>> & Pick<Failing, 'action' | 'nth'> & { seen: number; readonly does: CloudFault | 'crash-before' | 'crash-after' };

/** What every call passes: it is recorded, and may fail or be the last one of its process. */
export class CallGate {
  /** Every call so far, in order. */
  readonly calls: CloudCall[] = [];
  /** Those that changed something, or that would have if they had not failed. */
  readonly changes: CloudCall[] = [];
  #traps: Trap[] = [];
  #isDead = false;

  /** Lets calls fail. @example gate.fail('access-denied', { action: 'iam:GetRole' }) */
  fail(fault: CloudFault, which: Failing = {}): void {
    this.#traps.push({ changing: false, ...which, seen: 0, does: fault });
  }

  /** The process ends at the nth change from now, before or after AWS made it. From then on every call throws Crash. */
  crash(when: 'before' | 'after', nth: number): void {
    this.#traps.push({ changing: true, nth, seen: 0, does: `crash-${when}` });
  }

  /** Calls succeed again, as those of a process that was started anew. */
  recover(): void {
    this.#traps = [];
    this.#isDead = false;
  }

  /** @param actions those of the requests it takes, in order; what is not there is known after the first */
  async read<Result>(actions: string | readonly string[], subject: string, act: () => Result): Promise<Result> {
    const [first = '', ...others] = [actions].flat();
    const result = await this.#pass({ action: first, subject }, { isChange: false, act });
    for (const action of result === undefined ? [] : others) await this.#pass({ action, subject }, { isChange: false, act: () => undefined });
    return result;
  }

  async change<Result>(action: string, subject: string, act: () => Result): Promise<Result> {
    return this.#pass({ action, subject }, { isChange: true, act });
  }

  async #pass<Result>(call: CloudCall, { isChange, act }: { isChange: boolean; act: () => Result }): Promise<Result> {
    // As with the real one, nothing has happened yet when the call returns its promise.
    await Promise.resolve();
    if (this.#isDead) throw new Crash();
    this.calls.push(call);
    if (isChange) this.changes.push(call);
    const sprung = this.#traps.filter((trap) => springs(trap, call, isChange)).map(({ does }) => does)[0];
    if (sprung === 'crash-before') return this.#die();
    if (sprung !== undefined && sprung !== 'crash-after') throw cloudError(sprung, call);
    const result = act();
    if (sprung === 'crash-after') this.#die();
    return result;
  }

  #die(): never {
    this.#isDead = true;
    throw new Crash();
  }
}

/** Counts the call, too. */
function springs(trap: Trap, { action }: CloudCall, isChange: boolean): boolean {
  if ((trap.changing && !isChange) || (trap.action !== undefined && trap.action !== action)) return false;
  trap.seen += 1;
  return trap.nth === undefined || trap.nth === trap.seen;
}
