const mostNotes = 20;

/** What there is to say beside the numbers: each thing once, and not too much of it. */
export class Notes {
  readonly #notes = new Set<string>();
  #left = 0;

  add(text: string): void {
    if (this.#notes.has(text)) return;
    if (this.#notes.size < mostNotes) this.#notes.add(text);
    else this.#left += 1;
  }

  get all(): string[] {
    return [...this.#notes, ...(this.#left === 0 ? [] : [`And ${this.#left} more of that kind.`])];
  }
}
