import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { vi } from 'vitest';
import { type Finished, runProcess } from '../../scripts/deploy/run-process.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';

const program = inCheckout('scripts/fescue.mjs');

/** Runs `fescue` to its end. */
export async function runFescue(...args: string[]): Promise<Finished> {
  return runProcess([process.execPath, program, ...args]);
}

/** A `fescue` that prints lines until it is ended. */
export class LineStream {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #messages = '';

  constructor(...args: string[]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
    child.stderr.on('data', (chunk: Buffer) => void (this.#messages += chunk.toString()));
    this.#process = child;
    this.#ended = once(child, 'close');
  }

  /** Waits for a message on standard error. */
  async says(message: RegExp): Promise<void> {
    await vi.waitFor(() => {
      if (!message.test(this.#messages)) throw new Error(`${this.#process.spawnargs.slice(2).join(' ')} says ${JSON.stringify(this.#messages)}`);
    }, { timeout: 60_000 });
  }

  async close(): Promise<void> {
    this.#process.kill('SIGINT');
    await this.#ended;
  }
}
