import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CaptureStore, FoundCapture } from '../captures/capture-store.ts';
import { findCaptures, type CaptureProblem } from '../captures/find-captures.ts';
import { momentOf } from '../captures/moment.ts';
import { positiveInteger } from './arguments.ts';
import { printable } from './printable.ts';

/** Options of every command that reads captured data. */
export type SourceOptions = { endpoint?: string; region?: string; model?: string; since?: number; until?: number };
/** And of those that take one capture after the other. */
export type SelectOptions = SourceOptions & { id?: string; limit?: number };

const shownProblems = 20;

export function addSourceOptions(command: Command): Command {
  return command
    .argument('<location>', 'a folder, or s3://bucket/prefix')
    .option('--model <alias>', 'only of this model')
    .addOption(new Option('--since <time>', 'only from this time on: UTC, as 2023-03-14 or 2023-03-14T16:00, or back from now, as 90s, 30m, 3h, 2d or 1w').argParser(moment))
    .addOption(new Option('--until <time>', 'only before this time').argParser(moment))
    .option('--endpoint <url>', 'server that speaks as S3. Default: AWS')
    .option('--region <region>', 'region of the bucket. Default: as the AWS command line has it');
}

export function addSelectOptions(command: Command): Command {
  return addSourceOptions(command)
    .option('--id <id>', 'only captures with this id')
    .addOption(new Option('--limit <count>', 'only the first ones, by model and then by hour').argParser(positiveInteger));
}

export const sourceNotes = `
A bucket is read with the credentials and region that the AWS command line would use.`;

/** What is asked for, one after the other; what cannot be read goes to `problems`. */
export async function* capturesIn(store: CaptureStore, options: SelectOptions & { readonly problems: Problems }): AsyncGenerator<FoundCapture> {
  const { model, since, until, id, limit = Infinity, problems } = options;
  let count = 0;
  for await (const found of findCaptures(store, { filter: { model, since, until, id }, onProblem: (problem) => problems.tell(problem) })) {
    yield found;
    count += 1;
    if (count >= limit) return;
  }
}

/** Tells on standard error what cannot be read: the first ones in full, then how many. */
export class Problems {
  readonly #tell: (text: string) => void;
  #count = 0;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  tell({ key, lineNumber, reason }: CaptureProblem): void {
    this.#count += 1;
    if (this.#count <= shownProblems) this.#tell(`Left out: ${printable(key)}${lineNumber === undefined ? '' : `, line ${lineNumber}`}: ${printable(reason)}`);
  }

  get count(): number {
    return this.#count;
  }

  /** To be called when all is read. */
  end(): void {
    if (this.#count > shownProblems) this.#tell(`Left out: ${this.#count - shownProblems} more.`);
  }
}

/** What a message about nothing found says of the filters. */
export function narrowed({ model, since, until, id }: SelectOptions): string {
  return [model, since, until, id].some((value) => value !== undefined) ? ' that was asked for' : '';
}

/** The parser of a time, or of a duration back from now. */
export function moment(text: string): number {
  const epochMs = momentOf(text, Date.now());
  if (Number.isNaN(epochMs)) throw new InvalidArgumentError('Expected a date or time such as 2023-03-14 or 2023-03-14T16:00, or a duration back such as 30m, 3h or 2d.');
  return epochMs;
}
