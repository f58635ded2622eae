import { generateToken } from './environment.ts';

/** By which secret each caller of this nucleus is recognised. */
export class Tokens {
  readonly #byCaller = new Map<string, string>();

  /** A caller's token, the same as long as this nucleus runs. */
  of(caller: string): string {
    const token = this.#byCaller.get(caller) ?? generateToken();
    this.#byCaller.set(caller, token);
    return token;
  }

  callerOf(token: string): string | undefined {
    return [...this.#byCaller].find(([, known]) => known === token)?.[0];
  }

  all(): string[] {
    return [...this.#byCaller.values()];
  }
}
