import { parseCaptureLine, type CaptureLine } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { mostObjectBytes, type CaptureObject, type CaptureStore, type FoundCapture } from './capture-store.ts';
import { cannotHold, type CaptureFilter } from './layout.ts';
import { timeOf } from './moment.ts';

/** What could not be read; without `lineNumber` all of an object. */
export type CaptureProblem = { readonly key: string; readonly lineNumber?: number; readonly reason: string };

export type FindOptions = {
  readonly filter?: CaptureFilter;
  /** Told of lines and objects that cannot be read; they are left out. */
  readonly onProblem: (problem: CaptureProblem) => void;
};

/**
 * The captures of a store, by model and then by time, with one object in memory at a time.
 *
 * @throws FescueError what keeps the store as a whole from being read
 */
export async function* findCaptures(store: CaptureStore, { filter = {}, onProblem }: FindOptions): AsyncGenerator<FoundCapture> {
  for await (const object of store.objects((folder) => cannotHold(folder, filter))) {
    const content = await readObject(store, object, onProblem);
    for (const { text, lineNumber } of linesOf(content)) {
      const line = parseWanted(text, filter, (reason) => onProblem({ key: object.key, lineNumber, reason }));
      if (line !== undefined) yield { line, key: object.key, lineNumber };
    }
  }
}

function parseWanted(text: string, filter: CaptureFilter, onProblem: (reason: string) => void): CaptureLine | undefined {
  try {
    const line = parseCaptureLine(text);
    return matches(line, filter) ? line : undefined;
  } catch (error) {
    if (!(error instanceof FescueError)) throw error;
    onProblem(error.message);
    return undefined;
  }
}

/** Empty when it cannot be read for a reason of its own, such as one that has been removed meanwhile. */
async function readObject(store: CaptureStore, { key, bytes }: CaptureObject, onProblem: FindOptions['onProblem']): Promise<Buffer> {
  try {
    if (bytes <= mostObjectBytes) return await store.read(key);
    onProblem({ key, reason: `it has ${bytes} bytes; expected at most ${mostObjectBytes}` });
  } catch (error) {
    if (!(error instanceof FescueError && ['not-found', 'failed-precondition', 'invalid-argument'].includes(error.kind))) throw error;
    onProblem({ key, reason: error.message });
  }
  return Buffer.alloc(0);
}

/** Line by line, as one string can be too long for all. */
function* linesOf(content: Buffer): Generator<{ text: string; lineNumber: number }> {
  for (let start = 0, lineNumber = 1; start < content.length; lineNumber += 1) {
    const newline = content.indexOf(0x0a, start);
    const end = newline === -1 ? content.length : newline;
    const text = content.toString('utf8', start, end).trim();
    if (text !== '') yield { text, lineNumber };
    start = end + 1;
  }
}

function matches({ eventMetadata: event }: CaptureLine, { id, model, since, until }: CaptureFilter): boolean {
  if (id !== undefined && event.eventId !== id) return false;
  if (model !== undefined && event.modelName !== model) return false;
  if (since === undefined && until === undefined) return true;
  const at = timeOf(event.inferenceTime);
  if (Number.isNaN(at)) throw new FescueError('invalid-argument', `eventMetadata.inferenceTime: "${event.inferenceTime}" is no time`);
  return at >= (since ?? -Infinity) && at < (until ?? Infinity);
}
