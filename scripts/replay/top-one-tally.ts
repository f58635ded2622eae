import { Counts } from './counts.ts';
import type { Picture } from './picture.ts';
import type { OutputPair } from './replay-capture.ts';
import type { Change, TopOneReport, Where } from './report.ts';
import { Spread } from './spread.ts';
import { compareTopOne, type Readings } from './top-one.ts';
import { WorstList } from '../tally/worst-list.ts';

const mostPairs = 100;

/** A change with what was looked at, where there is a picture of it. */
export type PicturedChange = { readonly change: Change; readonly picture: Picture | undefined };

export type TopOneOptions = {
  readonly readings: Readings;
  /** Changes that are kept. */
  readonly mostChanges: number;
};

/** What becomes of the best class of an output. */
export class TopOneTally {
  readonly #readings: Readings;
  readonly #shift = new Spread();
  readonly #changes: WorstList<PicturedChange>;
  readonly #confusion = new Counts<{ readonly from: string; readonly to: string | null }>();
  #compared = 0;
  #agreed = 0;

  constructor({ readings, mostChanges }: TopOneOptions) {
    this.#readings = readings;
    this.#changes = new WorstList(mostChanges);
  }

  /** @param picture asked for when the change is to be kept */
  async add(pair: Pick<OutputPair, 'captured' | 'now'>, about: Where & Pick<Change, 'made'>, picture: () => Promise<Picture | undefined>): Promise<void> {
    const topOne = compareTopOne({ ...pair, readings: this.#readings });
    if (topOne === undefined) return;
    const { agrees, from, to } = topOne;
    const shift = from.now === null || from.captured === null ? null : from.now - from.captured;
    this.#compared += 1;
    if (shift !== null) this.#shift.add(shift);
    if (agrees) {
      this.#agreed += 1;
      return;
    }
    this.#confusion.add({ from: from.label, to: to?.label ?? null });
    const weight = shift === null ? Infinity : Math.abs(shift);
    if (this.#changes.admits(weight)) this.#changes.add(weight, { change: { ...about, from, to, shift }, picture: await picture() });
  }

  get changes(): readonly PicturedChange[] {
    return this.#changes.items;
  }

  /** Null when nothing was compared. */
  reportOf(output: string, mostChanges: number): TopOneReport | null {
    if (this.#compared === 0) return null;
    const { count, mean, largest: max } = this.#shift;
    return {
      output,
      compared: this.#compared,
      agreed: this.#agreed,
      agreement: this.#agreed / this.#compared,
      scoreShift: { count, mean, p50: this.#shift.quantile(0.5), p95: this.#shift.quantile(0.95), max },
      changes: this.changes.slice(0, mostChanges).map(({ change }) => change),
      confusion: this.#confusion.entries.slice(0, mostPairs).map(({ key, count: times }) => ({ ...key, count: times })),
    };
  }
}
