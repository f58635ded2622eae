import { Command, InvalidArgumentError, Option } from 'commander';
import { agentSettings } from '../../components/agent/settings.ts';
import { availableCpus } from '../../components/common/available-cpus.ts';
import { exitCodes } from '../../components/common/command-line.ts';
import { openStore } from '../captures/open-store.ts';
import type { From } from '../replay/choose-inputs.ts';
import { percent } from '../replay/figures-text.ts';
import { prepareHtmlFile } from '../html/html-file.ts';
import { htmlReport } from '../replay/report-html.ts';
import type { TopOneReport } from '../replay/report.ts';
import { replay, type ReplayRequest } from '../replay/run.ts';
import { withStatus } from './agent-refusal.ts';
import { wholeNumber } from './arguments.ts';
import { moment, sourceNotes } from './capture-source.ts';
import { interruption, progress } from './components-run.ts';
import { ProgressLine } from './progress-line.ts';
import { replayText } from './replay-text.ts';

type ReplayOptions = {
  model: string;
  capturedWith?: string;
  from: From;
  via: 'in-process' | 'agent';
  socket?: string;
  threads?: number;
  alias?: string;
  since?: number;
  until?: number;
  id?: string;
  region?: string;
  endpoint?: string;
  limit: number;
  changes: number;
  minAgreement?: number;
  html?: string;
  htmlLimit: number;
  quiet?: true;
  json?: true;
};

/** How often progress is told: on a terminal, and where each time takes a line. */
const progressMs = { terminal: 200, lines: 2_000 };

export function replayCommand(): Command {
  return new Command('replay')
    .description('Run a model on captured inputs, and compare its outputs with the captured ones.')
    .argument('<captures>', 'folder or s3://bucket/prefix with captured data')
    .requiredOption('--model <path>', 'package folder or .onnx file of the model to run')
    .option('--captured-with <path>', 'the same of the captured model, if its labels, scores or images are others. Default: as --model')
    .addOption(new Option('--from <what>', 'run on the captured tensors, on the captured images, or on images where tensors do not fit').choices(['auto', 'tensor', 'image']).default('auto'))
    .addOption(new Option('--via <way>', 'where the model runs').choices(['in-process', 'agent']).default('in-process'))
    .option('--socket <path>', 'with --via agent: socket of a running agent, which loads the model for the time. Default: an agent of its own')
    .addOption(new Option('--threads <count>', 'threads of a run, unless --socket is given. Default: CPUs').argParser(wholeNumber(1, agentSettings.IntraOpThreads.max)))
    .option('--alias <name>', 'only captures of the model of this alias')
    .addOption(new Option('--since <time>', 'only captures from this time on: UTC, as 2026-03-14 or 2026-03-14T16:00, or back from now, as 30m, 3h or 2d').argParser(moment))
    .addOption(new Option('--until <time>', 'only captures before this time').argParser(moment))
    .option('--id <capture>', 'only the capture with this id')
    .option('--endpoint <url>', 'server that speaks as S3. Default: AWS')
    .option('--region <region>', 'region of the bucket. Default: as the AWS command line has it')
    .addOption(new Option('--limit <count>', 'captures to look at').argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER)).default(Infinity, 'all'))
    .addOption(new Option('--changes <count>', 'changed captures to list, largest score shift first').argParser(wholeNumber(0, 100_000)).default(20))
    .addOption(new Option('--min-agreement <share>', 'end with exit code 1 when the top-1 agreement is below this share from 0 to 1').argParser(share))
    .option('--html <file>', 'also write a report with pictures, as one HTML file')
    .addOption(new Option('--html-limit <count>', 'changed captures in the HTML file, largest score shift first').argParser(wholeNumber(0, 10_000)).default(200))
    .option('--quiet', 'no progress on standard error')
    .option('--json', 'print one JSON document, described in docs/replay.md, and no progress')
    .addHelpText('after', examples)
    .action(runReplay);
}

const examples = `${sourceNotes}
docs/replay.md says what is compared, and how. Ctrl-C ends it with exit code 1, and leaves nothing behind.

Examples:
  fescue replay captures --model build/packages/dev.fescue.model.Pump/2.1.0
  fescue replay captures --model new/package --captured-with old/package --html report.html
  fescue replay s3://sagemaker-fleet/sme-capture --model model.onnx --alias pump --since 2026-03-14 --limit 1000
  fescue replay captures --model new/package --via agent --socket /tmp/agent.sock
  fescue replay captures --model new/package --json --min-agreement 0.99`;

async function runReplay(captures: string, options: ReplayOptions, command: Command): Promise<void> {
  if (options.socket !== undefined && options.via !== 'agent') command.error('error: --socket takes --via agent');
  if (options.socket !== undefined && options.threads !== undefined) command.error('error: --threads is for a model that is not in a running agent; leave it or --socket out');
  const signal = interruption(() => progress('Stopping …'));
  const line = new ProgressLine(process.stderr, options.quiet !== true && options.json !== true);
  try {
    await replayAndTell(captures, options, { signal, line });
  } catch (error) {
    line.end();
    if (!signal.aborted) throw withStatus(error);
    progress('Interrupted.');
    process.exitCode = exitCodes.failed;
  }
}

async function replayAndTell(captures: string, options: ReplayOptions, { signal, line }: { signal: AbortSignal; line: ProgressLine }): Promise<void> {
  const html = options.html === undefined ? undefined : await prepareHtmlFile(options.html);
  const { report, pictured } = await replay(await requestOf(captures, options, signal), progressTeller(line));
  line.end();
  await html?.write(htmlReport(report, pictured));
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : replayText(report));
  const problem = options.minAgreement === undefined ? undefined : shortfall(report.topOne, options.minAgreement);
  if (problem === undefined) return;
  progress(problem);
  process.exitCode = exitCodes.failed;
}

async function requestOf(captures: string, options: ReplayOptions, signal: AbortSignal): Promise<ReplayRequest> {
  const { alias: model, since, until, id, region, endpoint } = options;
  return {
    store: await openStore(captures, { region, endpoint, signal }),
    filter: { model, since, until, id },
    limit: options.limit,
    model: options.model,
    capturedWith: options.capturedWith,
    from: options.from,
    via: options.via === 'in-process' ? 'in-process' : { socket: options.socket },
    intraOpThreads: options.threads ?? availableCpus(),
    mostChanges: options.changes,
    mostPictures: options.html === undefined ? 0 : options.htmlLimit,
    signal,
  };
}

function progressTeller(line: ProgressLine): (counted: { compared: number; skipped: number }) => void {
  const everyMs = process.stderr.isTTY ? progressMs.terminal : progressMs.lines;
  let toldAt = performance.now();
  return ({ compared, skipped }) => {
    if (performance.now() - toldAt < everyMs) return;
    toldAt = performance.now();
    line.show(`${compared} captures compared, ${skipped} skipped`);
  };
}

/** Why the agreement does not suffice; undefined when it does. */
function shortfall(topOne: TopOneReport | null, least: number): string | undefined {
  if (topOne === null) return 'No top-1 agreement could be found, so that it does not reach --min-agreement.';
  return topOne.agreement >= least ? undefined : `The top-1 agreement is ${percent(topOne.agreement)}, below --min-agreement ${least}.`;
}

function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1, such as 0.99.');
  return value;
}
