import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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

  /** Waits for a message on standard error. @returns whether it came before the end; then `messages` has the reason */
  async says(message: RegExp): Promise<boolean> {
    const said = Promise.withResolvers<boolean>();
    const look = (): void => void (message.test(this.#messages) && said.resolve(true));
    this.#process.stderr?.on('data', look);
    look();
    return Promise.race([said.promise, this.#ended.then(() => false)]);
  }

  /** What it said on standard error. */
  get messages(): string {
    return this.#messages;
  }

  async close(): Promise<void> {
    this.#process.kill('SIGINT');
    await this.#ended;
  }
}

/** Listens to what the inference component publishes on the local topic. */
export function listenTo({ to, root }: { to: 'local' | 'greengrass'; root: string }): LineStream {
  return new LineStream('tail', 'gg/sageMakerEdgeManager/image-classification', '--json', '--to', to, '--root', root);
}
