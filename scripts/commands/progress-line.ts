type Stream = { readonly isTTY?: boolean; write(text: string): unknown };

/** Tells how far a long command is: on a terminal in one line that changes, elsewhere in a line for each step. */
export class ProgressLine {
  readonly #stream: Stream;
  readonly #enabled: boolean;

  constructor(stream: Stream, enabled: boolean) {
    this.#stream = stream;
    this.#enabled = enabled;
  }

  /** A line that stays. */
  tell(text: string): void {
    this.end();
    if (this.#enabled) this.#stream.write(`${text}\n`);
  }

  show(text: string): void {
    if (!this.#enabled) return;
    this.#stream.write(this.#stream.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  }

  /** To be called before anything else is printed. */
  end(): void {
    if (this.#enabled && this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }
}
