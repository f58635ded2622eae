import type { JournalEvent, Outcome } from './outcome-journal.ts';

/** So many captures that ended are remembered; the oldest are forgotten first. */
export const mostRemembered = 20_000;

/** What became of the last captures that ended, by id. */
export class History {
  readonly #outcomes = new Map<string, Outcome>();

  outcomeOf(id: string): Outcome | undefined {
    return this.#outcomes.get(id);
  }

  add(id: string, outcome: Outcome): void {
    this.#outcomes.delete(id);
    this.#outcomes.set(id, outcome);
    if (this.#outcomes.size <= mostRemembered) return;
    for (const oldest of this.#outcomes.keys()) {
      this.#outcomes.delete(oldest);
      return;
    }
  }

  /** Everything as notes for a journal. */
  events(): JournalEvent[] {
    const runs: { outcome: Outcome; ids: string[] }[] = [];
    for (const [id, outcome] of this.#outcomes) {
      const run = runs.at(-1);
      if (run?.outcome === outcome) run.ids.push(id);
      else runs.push({ outcome, ids: [id] });
    }
    return runs.map(({ outcome, ids }) => ({ kind: 'ended', outcome, captures: ids.map((id): [number, string] => [0, id]) }));
  }
}
