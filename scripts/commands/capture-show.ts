import { Command } from 'commander';
import { exitCodes } from '../../components/common/command-line.ts';
import { FescueError } from '../../components/common/errors.ts';
import { detailsOf, type CaptureDetails, type EntryDetails } from '../captures/details.ts';
import { openStore } from '../captures/open-store.ts';
import { addSourceOptions, capturesIn, narrowed, Problems, sourceNotes, type SourceOptions } from './capture-source.ts';
import { progress } from './components-run.ts';
import { printable } from './printable.ts';
import { readableBytes } from './readable-bytes.ts';
import { formatPairs, formatTable } from './table.ts';

type ShowOptions = SourceOptions & { json?: true };

export function captureShowCommand(): Command {
  return addSourceOptions(new Command('show').description('Show everything of a capture.'))
    .argument('<id>', 'the capture id')
    .option('--json', 'print one JSON object per capture')
    .addHelpText(
      'after',
      `${sourceNotes}
Ids are not unique over all devices and models: every capture with the id is shown. Name model and time, if you know
them, so that less has to be read. Ends with exit code 1 when there is none, or some of its data cannot be read.

Examples:
  fescue capture show capture 7f0c1e9a
  fescue capture show s3://sagemaker-fleet/sme-capture 7f0c1e9a --model pump --since 2d --json`,
    )
    .action(show);
}

async function show(location: string, id: string, options: ShowOptions): Promise<void> {
  const store = await openStore(location, options);
  const problems = new Problems(progress);
  let count = 0;
  for await (const found of capturesIn(store, { ...options, id, problems })) {
    const details = await detailsOf(found, store);
    process.stdout.write(options.json ? `${JSON.stringify(details)}\n` : `${count === 0 ? '' : '\n'}${textOf(details)}`);
    if (entriesOf(details).some(({ problem }) => problem !== undefined)) process.exitCode = exitCodes.failed;
    count += 1;
  }
  problems.end();
  if (count === 0) throw new FescueError('not-found', `${store.name} holds no capture "${printable(id)}"${narrowed(options)}. fescue capture ls lists those it holds.`);
}

function textOf(details: CaptureDetails): string {
  const { id, time, device, fleet, model, version, key, line } = details;
  const head = [['capture', id], ['time', time], ['device', `${device}, fleet ${fleet}`], ['model', `${model} ${version}`], ['object', `${key}, line ${line}`]] as const;
  const labelled = ([['input', details.inputs], ['output', details.outputs], ['input', details.auxiliaryInputs], ['output', details.auxiliaryOutputs]] as const).flatMap(([label, entries]) => entries.map((entry) => ({ label, entry })));
  const tensors = labelled.filter(({ entry }) => entry.statistics !== undefined).map(({ label, entry }) => [label, ...tensorRow(entry)]);
  const others = labelled.filter(({ entry }) => entry.statistics === undefined).map(({ label, entry }) => [label, ...dataRow(entry)]);
  const tensorColumns = [{ title: '' }, { title: 'tensor' }, { title: 'type' }, { title: 'shape' }, ...['size', 'min', 'max', 'mean'].map((title) => ({ title, right: true })), { title: 'elements' }];
  const parts = [formatPairs(head.map(([name, value]) => [name, printable(value)]))];
  if (tensors.length > 0) parts.push(formatTable(tensorColumns, tensors));
  if (others.length > 0) parts.push(formatTable([{ title: '' }, { title: 'data' }, { title: 'content type' }, { title: 'size', right: true }, { title: 'problem' }], others));
  return parts.join('\n');
}

function tensorRow({ name, dtype, shape = [], bytes = 0, statistics, elements = [] }: EntryDetails): string[] {
  const { min = Number.NaN, max = Number.NaN, mean = Number.NaN, count = 0, notFinite = 0 } = statistics ?? {};
  const more = [...(count > elements.length ? [`… (${count})`] : []), ...(notFinite > 0 ? [`(${notFinite} not finite)`] : [])];
  return [printable(name), dtype ?? '', `[${shape.join(', ')}]`, readableBytes(bytes), ...[min, max, mean].map(shortNumber), [...elements.map(shortNumber), ...more].join(' ')];
}

function dataRow({ name, contentType, bytes, problem = '' }: EntryDetails): string[] {
  return [printable(name), printable(contentType), bytes === undefined ? '' : readableBytes(bytes), printable(problem)];
}

function entriesOf({ inputs, outputs, auxiliaryInputs, auxiliaryOutputs }: CaptureDetails): readonly EntryDetails[] {
  return [...inputs, ...outputs, ...auxiliaryInputs, ...auxiliaryOutputs];
}

function shortNumber(value: number): string {
  return Number.isInteger(value) || Number.isNaN(value) ? String(value) : value.toPrecision(5);
}
