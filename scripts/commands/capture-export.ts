import { Command, Option } from 'commander';
import { exitCodes } from '../../components/common/command-line.ts';
import { exportCaptures, exportFormats, type ExportFormat } from '../captures/export-captures.ts';
import { openStore } from '../captures/open-store.ts';
import { readText } from '../packaging/model-package.ts';
import { addSelectOptions, capturesIn, narrowed, Problems, sourceNotes, type SelectOptions } from './capture-source.ts';
import { interruption, progress } from './components-run.ts';
import { ProgressLine } from './progress-line.ts';
import { formatPairs } from './table.ts';

type ExportOptions = SelectOptions & { out: string; format: ExportFormat; labels?: string; force?: true; quiet?: true; json?: true };

const progressSteps = 100;

export function captureExportCommand(): Command {
  return addSelectOptions(new Command('export').description('Write captures as files for other tools.'))
    .requiredOption('--out <folder>', 'receives the files')
    .addOption(new Option('--format <format>', 'what to write').choices(exportFormats).default('npy'))
    .option('--labels <file>', 'with --format manifest: class names, one per line')
    .option('--force', 'write into a folder that is not empty, and replace files of the same names')
    .option('--quiet', 'no progress on standard error')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(runExport);
}

const examples = `${sourceNotes}
  npy       a folder per capture: a NumPy file per tensor, auxiliary data as it is, and capture.json
  csv       captures.csv: a row per capture, with statistics of its first output, and its largest element
  json      captures.jsonl: the format of captured data, with all of it in the lines
  manifest  manifest.jsonl: an augmented manifest of classified images, as SageMaker takes it to be labelled or trained on
Captures that cannot be read or written so are told and left out, and the exit code is 1. An export that fails or is
interrupted leaves nothing behind.

Examples:
  fescue capture export capture --out captures --since 1d
  fescue capture export s3://sagemaker-fleet/sme-capture --model pump --format csv --out pump
  fescue capture export capture --id 7f0c1e9a --format json --out one
  fescue capture export s3://sagemaker-fleet/sme-capture --format manifest --labels labels.txt --out manifest`;

async function runExport(location: string, options: ExportOptions, command: Command): Promise<void> {
  if (options.labels !== undefined && options.format !== 'manifest') command.error('error: --labels goes with --format manifest');
  const labels = options.labels === undefined ? [] : (await readText(options.labels, 'Labels file')).trimEnd().split(/\r?\n/);
  const signal = interruption(() => progress('Stopping …'));
  const store = await openStore(location, { ...options, signal });
  const line = new ProgressLine(process.stderr, options.quiet !== true && options.json !== true);
  const problems = new Problems((text) => {
    line.end();
    progress(text);
  });
  const captures = capturesIn(store, { ...options, problems });
  const onProgress = (count: number): void => (process.stderr.isTTY || count % progressSteps === 0 ? line.show(`${count} captures …`) : undefined);
  const written = await exportCaptures({ store, captures, format: options.format, labels, out: options.out, force: options.force === true, onProblem: (problem) => problems.tell(problem), onProgress, signal }).finally(() => line.end());
  problems.end();
  if (written + problems.count === 0) progress(`${store.name} holds no capture${narrowed(options)}.`);
  const result = { out: options.out, format: options.format, captures: written, leftOut: problems.count };
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : formatPairs([['captures', String(written)], ...(problems.count === 0 ? [] : [['left out', String(problems.count)] as const]), ['format', result.format], ['folder', result.out]]));
  if (problems.count > 0) process.exitCode = exitCodes.failed;
}
