import { Command, InvalidArgumentError, Option } from 'commander';
import { agentSettings } from '../../components/agent/settings.ts';
import { availableCpus } from '../../components/common/available-cpus.ts';
import { exitCodes } from '../../components/common/command-line.ts';
import { bench, type BenchRequest, type Observer, type Report } from '../measure/bench.ts';
import { transports } from '../measure/contenders.ts';
import { gridSeconds, tryGrid } from '../measure/grid.ts';
import { gridFor, recommend, type Recommendation } from '../measure/recommend.ts';
import { builtInModels, defaultModel, withModelPath } from '../measure/subject.ts';
import { withStatus } from './agent-refusal.ts';
import { wholeNumber } from './arguments.ts';
import { levelText, notesText, recommendationText, settingText } from './bench-text.ts';
import { interruption, progress } from './components-run.ts';
import { ProgressLine } from './progress-line.ts';

type BenchOptions = {
  socket?: string;
  alias?: string;
  shape: Map<string, number[]>;
  transport: 'bytes' | 'shm' | 'all';
  concurrency: number[];
  duration: number;
  rounds: number;
  warmUp: number;
  threads?: number;
  instances: number;
  recommend?: true;
  quiet?: true;
  json?: true;
};

const mostCallers = 1_000;
const { Instances, IntraOpThreads } = agentSettings;

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure a model through an agent, by bytes and by shared memory, against the same model in process.')
    .argument('[model]', `package folder, .onnx file, or one of ${Object.keys(builtInModels).join(', ')}. Default: ${defaultModel}`)
    .option('--socket <path>', 'socket of a running agent, which loads the model for the time. Default: an agent of its own')
    .option('--alias <name>', 'with --socket: a model that is loaded, instead of [model]')
    .addOption(new Option('--shape <name=1,3,64,64>', 'shape of an input; may be repeated. Default: dynamic axes have length 1').argParser(collectShape).default(new Map(), 'none'))
    .addOption(new Option('--transport <transport>', 'how tensors go to the agent').choices(['bytes', 'shm', 'all']).default('all'))
    .addOption(new Option('--concurrency <counts>', 'callers at once, each count measured by itself').argParser(callerCounts).default([1, 8], '1,8'))
    .addOption(new Option('--duration <seconds>', 'time each contender gets for each count').argParser(seconds).default(5))
    .addOption(new Option('--rounds <count>', 'turns the duration is split into; the contenders alternate').argParser(wholeNumber(1, 1_000)).default(10))
    .addOption(new Option('--warm-up <calls>', 'calls of each contender before it is measured').argParser(wholeNumber(0, 100_000)).default(100))
    .addOption(new Option('--threads <count>', 'IntraOpThreads of the agent it starts, and of the baseline. Default: CPUs / instances').argParser(wholeNumber(1, IntraOpThreads.max)))
    .addOption(new Option('--instances <count>', 'Instances of the agent it starts, and of the baseline').argParser(wholeNumber(Instances.min, Instances.max)).default(Instances.default))
    .option('--recommend', 'then try settings on agents of its own, and say which suit this model on this device')
    .option('--quiet', 'no progress on standard error')
    .option('--json', 'print one JSON document, described in docs/bench.md, and no progress')
    .addHelpText('after', examples)
    .action(runBench);
}

const examples = `
docs/bench.md says what the columns mean. Ctrl-C ends it with exit code 1, and leaves nothing behind.

Examples:
  fescue bench
  fescue bench noop-600kb --concurrency 1 --duration 2
  fescue bench components/models/efficientnet-lite0/package --recommend
  fescue bench detector.onnx --shape images=1,3,320,320 --threads 1 --instances 2 --json
  fescue bench --socket /tmp/agent.sock --alias classifier`;

async function runBench(model: string | undefined, options: BenchOptions, command: Command): Promise<void> {
  if (options.alias !== undefined && options.socket === undefined) command.error('error: --alias takes --socket');
  if (options.alias !== undefined && model !== undefined) command.error('error: give either a model or --alias');
  if (options.recommend && options.socket !== undefined) command.error('error: --recommend starts agents of its own; leave --socket out');
  const signal = interruption(() => progress('Stopping …'));
  const line = new ProgressLine(process.stderr, options.quiet !== true && options.json !== true);
  try {
    await measure(requestOf(model, options, signal), options, line);
  } catch (error) {
    line.end();
    if (!signal.aborted) throw withStatus(error);
    progress('Interrupted.');
    process.exitCode = exitCodes.failed;
  }
}

function requestOf(model: string | undefined, options: BenchOptions, signal: AbortSignal): BenchRequest {
  const { alias, instances, threads = Math.max(1, Math.floor(availableCpus() / instances)) } = options;
  return {
    subject: alias === undefined ? { model: model ?? defaultModel } : { alias },
    socketPath: options.socket,
    settings: { intraOpThreads: threads, instances },
    shapes: options.shape,
    transports: transports.filter((name) => options.transport === 'all' || options.transport === (name === 'bytes' ? 'bytes' : 'shm')),
    concurrency: options.concurrency,
    durationMs: options.duration * 1000,
    rounds: options.rounds,
    warmUp: options.warmUp,
    signal,
  };
}

/** Tables are printed as soon as they are there, a JSON document at the end. */
async function measure(request: BenchRequest, options: BenchOptions, line: ProgressLine): Promise<void> {
  const print = (text: string): void => {
    line.end();
    if (!options.json) process.stdout.write(text);
  };
  const observer: Observer = {
    onSetting: (setting, duration) => {
      print(settingText(setting));
      line.tell(`Measuring for about ${Math.ceil(duration)} s, and the warm-up.`);
    },
    onStep: (text) => line.show(text),
    onLevel: (level) => print(levelText(level)),
  };
  const report = await bench(request, observer);
  print(notesText(report.notes));
  if (!options.recommend) {
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const { recommendation, notes } = await findSettings(request, report, line);
  print(notesText(notes) + recommendationText(recommendation));
  if (options.json) process.stdout.write(`${JSON.stringify({ ...report, notes: [...report.notes, ...notes], recommendation })}\n`);
}

async function findSettings(request: BenchRequest, report: Report, line: ProgressLine): Promise<{ recommendation: Recommendation; notes: readonly string[] }> {
  const { subject, shapes, durationMs, warmUp, signal } = request;
  const grid = gridFor(availableCpus());
  const callers = Math.max(2, ...request.concurrency);
  line.tell(`Trying ${grid.length} settings, for about ${Math.ceil(gridSeconds(grid.length, durationMs))} s.`);
  // The fastest way that the measurement before has found to work.
  const transport = report.levels[0]?.contenders.some(({ name }) => name === 'shared-memory') ? 'shared-memory' : 'bytes';
  const model = 'model' in subject ? subject.model : defaultModel;
  const { tried, notes } = await withModelPath(model, (path) => tryGrid(grid, { path, shapes, transport, callers, durationMs, warmUp, signal, onStep: (text) => line.show(text) }));
  return { recommendation: recommend(tried, callers, report), notes };
}

function collectShape(text: string, earlier: ReadonlyMap<string, number[]>): Map<string, number[]> {
  const [, name, axes] = /^(.+)=([1-9]\d{0,8}(?:,[1-9]\d{0,8})*)$/.exec(text) ?? [];
  if (name === undefined || axes === undefined) throw new InvalidArgumentError('Expected name=1,3,64,64.');
  return new Map([...earlier, [name, axes.split(',').map(Number)]]);
}

function callerCounts(text: string): number[] {
  const counts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!counts.every((count) => Number.isInteger(count) && count >= 1 && count <= mostCallers)) throw new InvalidArgumentError(`Expected whole numbers from 1 to ${mostCallers}, such as 1,2,4,8.`);
  return [...new Set(counts)];
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3_600)) throw new InvalidArgumentError('Expected a number above 0, at most 3600.');
  return value;
}
