import { readdirSync } from 'node:fs';
import { mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { inferenceSettings } from '../../components/inference/settings.ts';
import { LocalNucleus, type NucleusEvent } from '../local-nucleus/nucleus.ts';
import { buildComponents } from '../packaging/build-components.ts';
import { inCheckout } from '../packaging/paths.ts';
import { componentNames } from '../packaging/recipes.ts';
import { aborted, interruption, progress, readable, removeRoot } from './components-run.ts';
import { formatTable } from './table.ts';

const topLabels = 3;
const photoFolder = inCheckout('components/inference/photos');

type DemoOptions = { json?: true; keep?: true; image?: string };

/** One photo's outcome, as `--json` prints it; times in milliseconds. */
type DemoResult = { image: string; results: { label: string; score: number }[]; preprocessMs: number; predictMs: number; totalMs: number };

export function demoCommand(): Command {
  return new Command('demo')
    .description('Deploy the components on this machine and classify the bundled photos through the whole chain.')
    .option('--json', 'one JSON object per photo on stdout, and nothing else there')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--image <path>', 'classify this JPEG, PNG or WebP file instead of the bundled photos')
    .addHelpText(
      'after',
      `
Examples:
  fescue demo                       a table of eight photos with their labels
  fescue demo --image cat.jpg       your own picture
  fescue demo --keep                then try the commands it names
  npm run -s demo -- --json         the same for programs`,
    )
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const image = options.image === undefined ? undefined : await existingFile(options.image);
  const signal = interruption(() => progress('Stopping …'));
  const root = await mkdtemp(join(tmpdir(), 'fescue-demo-'));
  const photos = image === undefined ? readdirSync(photoFolder).filter((name) => name.endsWith('.jpg')) : [image];
  const results = new ResultCollector(photos.length);
  const nucleus = new LocalNucleus({ root, environment: process.env, onEvent: (event) => results.onEvent(event) });
  try {
    await Promise.race([demonstrate({ nucleus, results, options, image, signal }), aborted(signal)]);
    await nucleus.stop();
    await removeRoot(root, 'done');
    progress(signal.aborted && !options.keep ? 'Interrupted.' : 'Everything is stopped.');
    if (signal.aborted && !options.keep) process.exitCode = 1;
  } catch (error) {
    await nucleus.stop();
    await removeRoot(root, 'failed');
    throw error;
  }
}

type Demonstration = { nucleus: LocalNucleus; results: ResultCollector; options: DemoOptions; image: string | undefined; signal: AbortSignal };

async function demonstrate({ nucleus, results, options, image, signal }: Demonstration): Promise<void> {
  const build = await buildComponents({ folder: join(nucleus.root, 'build'), onProgress: progress });
  progress(`Starting the local nucleus in ${nucleus.root}`);
  await nucleus.start();
  // The agent by name too: a nucleus configures only what is deployed by name.
  const components = Object.fromEntries([componentNames.agent, componentNames.inference].map((name) => [name, build.components[name] ?? '']));
  await nucleus.deploy({ ...build, components, configuration: configurationFor(image) });
  const collected = await results.all();
  process.stdout.write(options.json ? collected.map((result) => `${JSON.stringify(result)}\n`).join('') : tableOf(collected));
  if (!options.keep) return;
  progress(`Still running; the agent's socket is ${join(nucleus.root, 'work', componentNames.agent, socketName)}. Ctrl-C ends it.`);
  progress(`What it reports of itself: npx fescue fleet report --local ${nucleus.root}`);
  await aborted(signal);
}

const socketName = 'agent.sock';

function configurationFor(image: string | undefined): Record<string, { MERGE: Record<string, string | number> }> {
  return {
    // Its own socket, so that an agent on the default one does not matter.
    [componentNames.agent]: { MERGE: { UnixSocketName: socketName } },
    [componentNames.inference]: { MERGE: { ScoreThreshold: 0, MaxResults: topLabels, ...(image === undefined ? {} : { ImageName: image }) } },
  };
}

const published = z.object({
  image: z.string(),
  'inference-results': z.array(z.object({ Label: z.string(), Score: z.number() })),
  'timings-ms': z.object({ preprocess: z.number(), predict: z.number(), total: z.number() }),
});

const skipped = z.looseObject({ msg: z.enum(['image skipped', 'result could not be published']), image: z.string(), reason: z.string() });

/** Gathers what the inference component publishes, until every photo has its result. */
class ResultCollector {
  readonly #expected: number;
  readonly #results = new Map<string, DemoResult>();
  readonly #done = Promise.withResolvers<void>();

  constructor(expected: number) {
    this.#expected = expected;
    this.#done.promise.catch(() => undefined);
  }

  onEvent(event: NucleusEvent): void {
    if (event.kind === 'state') progress(`  ${event.component}: ${event.state}${event.reason === undefined ? '' : ` (${event.reason})`}`);
    if (event.kind === 'state' && event.state === 'BROKEN') this.#done.reject(new FescueError('failed-precondition', `Component ${event.component} is BROKEN: ${event.reason ?? ''}.`));
    if (event.kind === 'log') this.#watchLog(event.text);
    if (event.kind === 'iot-core' && event.topic === inferenceSettings.PublishResultsOnTopic.default) this.#add(event.payload);
  }

  /** Every result, by name. @throws FescueError when a photo could not be classified */
  async all(): Promise<DemoResult[]> {
    await this.#done.promise;
    return [...this.#results.values()].toSorted((a, b) => (a.image < b.image ? -1 : 1));
  }

  #add(payload: Uint8Array): void {
    const message = published.parse(JSON.parse(readable(payload)));
    const timings = message['timings-ms'];
    this.#results.set(message.image, {
      image: basename(message.image),
      results: message['inference-results'].map(({ Label, Score }) => ({ label: Label, score: Score })),
      preprocessMs: timings.preprocess,
      predictMs: timings.predict,
      totalMs: timings.total,
    });
    if (this.#results.size === this.#expected) this.#done.resolve();
  }

  #watchLog(line: string): void {
    const failure = line.startsWith('{') ? skipped.safeParse(parseJson(line)) : undefined;
    if (failure?.success) this.#done.reject(new FescueError('invalid-argument', failure.data.reason));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A long line comes in pieces, none of which is JSON.
    return undefined;
  }
}

function tableOf(results: readonly DemoResult[]): string {
  const columns = [{ title: 'photo' }, { title: `top ${topLabels}` }, { title: 'preprocess ms', right: true }, { title: 'agent ms', right: true }, { title: 'total ms', right: true }];
  const rows = results.map((result) => [
    result.image,
    result.results.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(', '),
    ...[result.preprocessMs, result.predictMs, result.totalMs].map((ms) => ms.toFixed(1)),
  ]);
  return formatTable(columns, rows);
}

async function existingFile(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => messageOf(error));
  if (typeof found === 'string' || !found.isFile()) throw new FescueError('not-found', `Image ${path} cannot be read: ${typeof found === 'string' ? found : 'it is no file'}. Name a JPEG, PNG or WebP file.`);
  return resolve(path);
}
