import { devicesText } from '../fleet/figures-text.ts';
import { ProgressLine } from './progress-line.ts';

/** How often progress is told: on a terminal, and where each time takes a line. */
const progressMs = { terminal: 200, lines: 5_000 };

/** Tells on standard error how many devices are read. */
export class FleetProgress {
  readonly #line: ProgressLine;
  readonly #everyMs = process.stderr.isTTY ? progressMs.terminal : progressMs.lines;
  #toldAt = performance.now();
  #count = 0;

  constructor(enabled: boolean) {
    this.#line = new ProgressLine(process.stderr, enabled);
  }

  /** One more. */
  next(): void {
    this.#count += 1;
    if (performance.now() - this.#toldAt < this.#everyMs) return;
    this.#toldAt = performance.now();
    this.#line.show(devicesText(this.#count));
  }

  /** To be called before anything else is printed. */
  end(): void {
    this.#line.end();
  }
}
