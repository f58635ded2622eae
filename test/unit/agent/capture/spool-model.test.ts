import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch, Spool } from '../../../../components/agent/capture/spool.ts';
import { newCapture, testSpool, type TestSpool } from '../../../helpers/spool-captures.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

type Action =
  | { kind: 'accept'; captures: { id: number; priority: number; model: string; hour: number; bytes: number }[] }
  | { kind: 'take' }
  | { kind: 'deliver'; which: number }
  | { kind: 'giveUp'; which: number }
  | { kind: 'reopen'; close: boolean };

const smallSegments = { budgetBytes: 1024 * 1024, batchSize: 3 };

const capture = fc.record({ id: fc.integer({ min: 0, max: 40 }), priority: fc.constantFrom(1, 5, 9), model: fc.constantFrom('m', 'n'), hour: fc.integer({ min: 0, max: 1 }), bytes: fc.constantFrom(0, 100, 30_000) });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('accept' as const), captures: fc.array(capture, { minLength: 1, maxLength: 5 }) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'take' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('giveUp' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reopen' as const), close: fc.boolean() }) },
);

/** What a spool has to know, and nothing of how it keeps it. */
class Model {
  readonly statuses = new Map<string, 'IN_PROGRESS' | 'SUCCESS' | 'FAILURE'>();
  /** What the captures of a batch have in common: model, hour and priority. */
  readonly places = new Map<string, string>();
  /** Batches that were begun and have not ended: the ids that are left of each, by the name of the batch. */
  readonly begun = new Map<string, string[]>();
}

/** A spool and its model, which do the same. */
class Pair {
  readonly #folder: string;
  readonly model = new Model();
  #opened: TestSpool;
  /** Batches of the spool that is open, by name. */
  #taken = new Map<string, Batch>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#opened = testSpool(folder, smallSegments);
  }

  get spool(): Spool {
    return this.#opened.spool;
  }

  act(action: Action): void {
    switch (action.kind) {
      case 'accept':
        return this.#accept(action.captures);
      case 'take':
        return void this.take();
      case 'deliver':
        return this.#deliver(this.#pick(action.which));
      case 'giveUp':
        return this.#giveUp(this.#pick(action.which));
      case 'reopen':
        if (action.close) this.spool.close();
        this.#opened = testSpool(this.#folder, smallSegments);
        this.#taken = new Map();
    }
  }

  /** Takes a batch: one that was begun before a restart, the same as then, or one of captures that wait. */
  take(): boolean {
    const batch = this.spool.nextBatch();
    const ids = batch?.entries.map(({ id }) => id) ?? [];
    const planned = [...this.model.begun].filter(([name]) => !this.#taken.has(name));
    const again = planned[0];
    if (batch === undefined) {
      expect([planned, this.#waiting()]).toEqual([[], []]);
      return false;
    }
    if (again === undefined) expect(ids).toEqual(this.#waiting().filter((id) => this.model.places.get(id) === this.model.places.get(ids[0] ?? '')).slice(0, smallSegments.batchSize));
    else expect([batch.id, ids]).toEqual(again);
    for (const entry of batch.entries) expect(this.spool.read(entry).description.id).toBe(entry.id);
    this.model.begun.set(batch.id, ids);
    this.#taken.set(batch.id, batch);
    return true;
  }

  /** Delivers everything that is left. */
  drain(): void {
    for (const batch of this.#taken.values()) this.#deliver(batch);
    while (this.take()) for (const batch of this.#taken.values()) this.#deliver(batch);
  }

  check(): void {
    for (let id = 0; id <= 40; id += 1) expect([id, this.spool.status(`c${id}`)]).toEqual([id, this.model.statuses.get(`c${id}`) ?? 'NOT_FOUND']);
    expect(this.spool.usage().captures).toBe([...this.model.statuses.values()].filter((status) => status === 'IN_PROGRESS').length);
    expect(this.spool.waiting).toBe(this.#waiting().length);
  }

  /** What waits for a batch, in the order it came. */
  #waiting(): string[] {
    const begun = new Set([...this.model.begun.values()].flat());
    return [...this.model.statuses].filter(([id, status]) => status === 'IN_PROGRESS' && !begun.has(id)).map(([id]) => id);
  }

  #accept(captures: Extract<Action, { kind: 'accept' }>['captures']): void {
    const refusals = this.spool.accept(captures.map(({ id, hour, ...more }) => newCapture(`c${id}`, { ...more, atMs: 1_700_000_000_000 + hour * 3_600_000 })));
    const accepted: { id: string; priority: number; place: string }[] = [];
    for (const [index, { id: number, model, hour, priority }] of captures.entries()) {
      const id = `c${number}`;
      const isKnown = this.model.statuses.has(id) || accepted.some((one) => one.id === id);
      expect([id, refusals[index]?.kind === 'already-exists']).toEqual([id, isKnown]);
      if (refusals[index] === undefined) accepted.push({ id, priority, place: `${model} ${hour} ${priority}` });
      else if (!isKnown) expect(refusals[index]?.kind).toBe('resource-exhausted');
    }
    // Those of one priority are stored together, in the order the priorities appear.
    for (const group of Map.groupBy(accepted, ({ priority }) => priority).values()) {
      for (const { id, place } of group) {
        this.model.statuses.set(id, 'IN_PROGRESS');
        this.model.places.set(id, place);
      }
    }
  }

  #pick(which: number): Batch | undefined {
    const batches = [...this.#taken.values()];
    return batches[which % Math.max(1, batches.length)];
  }

  #deliver(batch: Batch | undefined): void {
    if (batch === undefined) return;
    for (const id of this.model.begun.get(batch.id) ?? []) {
      expect([id, this.model.statuses.get(id)]).toEqual([id, 'IN_PROGRESS']);
      this.model.statuses.set(id, 'SUCCESS');
    }
    this.spool.delivered(batch);
    this.model.begun.delete(batch.id);
    this.#taken.delete(batch.id);
  }

  #giveUp(batch: Batch | undefined): void {
    const [id, ...rest] = this.model.begun.get(batch?.id ?? '') ?? [];
    const entry = batch?.entries.find((one) => one.id === id);
    if (batch === undefined || id === undefined || entry === undefined) return;
    this.spool.giveUp(entry, 'rejected', 'the model says no');
    this.model.statuses.set(id, 'FAILURE');
    if (rest.length > 0) this.model.begun.set(batch.id, rest);
    else {
      this.model.begun.delete(batch.id);
      this.#taken.delete(batch.id);
    }
  }
}

test('a spool on the disk does what its model does, whatever comes and however often it is opened again', async () => {
  const root = await temporaryFolder();
  let run = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const pair = new Pair(join(root, String((run += 1))));
      for (const one of actions) {
        pair.act(one);
        pair.check();
      }
      pair.act({ kind: 'reopen', close: false });
      pair.drain();
      pair.check();
      expect(pair.spool.usage()).toEqual({ captures: 0, bytes: 0, oldestMs: undefined });
      pair.spool.close();
    }),
    { numRuns: 100 },
  );
});
