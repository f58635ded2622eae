import { describeTensor } from '../../components/common/tensor.ts';
import { differenceOf, type Difference } from './compare.ts';
import { Counts } from './counts.ts';
import type { OutputPair } from './replay-capture.ts';
import type { MismatchReport, OutputReport, Where } from './report.ts';
import { WorstList } from '../tally/worst-list.ts';

const mostWorst = 10;
const mostExamples = 3;
const mostMismatches = 20;
const longestText = 300;

/** How one output of the model differs from what was captured. */
export class OutputTally {
  readonly #name: string;
  readonly #worst = new WorstList<Where & Difference>(mostWorst);
  readonly #mismatches = new Counts<{ readonly captured: string; readonly now: string }, Where>(mostExamples);
  #compared = 0;
  #total: Difference = { elements: 0, maxAbs: 0, meanAbs: 0, unlike: 0 };

  constructor(name: string) {
    this.#name = name;
  }

  add({ captured, now }: Pick<OutputPair, 'captured' | 'now'>, where: Where): void {
    const [before, after] = [describeTensor(captured), describeTensor(now)];
    if (before !== after) this.#mismatches.add({ captured: before.slice(0, longestText), now: after.slice(0, longestText) }, () => where);
    const difference = differenceOf(captured, now);
    if (difference === undefined) return;
    this.#compared += 1;
    this.#total = together(this.#total, difference);
    const weight = difference.unlike > 0 ? Infinity : difference.maxAbs;
    if (weight > 0) this.#worst.add(weight, { ...where, ...difference });
  }

  get report(): OutputReport {
    return { name: this.#name, compared: this.#compared, ...this.#total, worst: this.#worst.items };
  }

  get mismatches(): MismatchReport[] {
    return this.#mismatches.entries.slice(0, mostMismatches).map(({ key, count, examples }) => ({ output: this.#name, ...key, count, examples }));
  }
}

function together(a: Difference, b: Difference): Difference {
  const [finiteA, finiteB] = [a.elements - a.unlike, b.elements - b.unlike];
  const shareB = finiteB === 0 ? 0 : finiteB / (finiteA + finiteB);
  return { elements: a.elements + b.elements, maxAbs: Math.max(a.maxAbs, b.maxAbs), meanAbs: a.meanAbs + (b.meanAbs - a.meanAbs) * shareB, unlike: a.unlike + b.unlike };
}
