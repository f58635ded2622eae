import { Command, Option } from 'commander';
import { openStore } from '../captures/open-store.ts';
import { summaryOf, type CaptureSummary } from '../captures/summary.ts';
import { addSelectOptions, capturesIn, narrowed, Problems, sourceNotes, type SelectOptions } from './capture-source.ts';
import { progress } from './components-run.ts';
import { csvRow } from '../captures/csv.ts';
import { printable } from './printable.ts';
import { readableBytes } from './readable-bytes.ts';
import { formatTable } from './table.ts';

type ListOptions = SelectOptions & { json?: true; csv?: true };

const csvColumns = ['time', 'model', 'version', 'id', 'device', 'fleet', 'inputs', 'outputs', 'auxiliary', 'bytes', 'bytesKnown', 'key', 'line'] as const;

export function captureListCommand(): Command {
  return addSelectOptions(new Command('ls').description('List captures, by model and then by hour.'))
    .addOption(new Option('--json', 'print one JSON object per line').conflicts('csv'))
    .option('--csv', 'print comma-separated values')
    .addHelpText(
      'after',
      `${sourceNotes}
Sizes are those of the data as far as the lines tell; "or more" stands for objects of their own.

Examples:
  fescue capture ls capture
  fescue capture ls s3://sagemaker-fleet/sme-capture --model pump --since 3h
  fescue capture ls s3://captures --endpoint https://minio.example:9000 --region local --json
  fescue capture ls capture --since 2023-03-14 --until 2023-03-15 --csv > day.csv`,
    )
    .action(list);
}

/** Lines of JSON and CSV are printed as they are found; a table is as wide as its longest cells. */
async function list(location: string, options: ListOptions): Promise<void> {
  const store = await openStore(location, options);
  const problems = new Problems(progress);
  const rows: string[][] = [];
  let count = 0;
  if (options.csv) process.stdout.write(csvRow(csvColumns));
  for await (const found of capturesIn(store, { ...options, problems })) {
    count += 1;
    const summary = summaryOf(found);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else if (options.csv) process.stdout.write(csvRow(csvColumns.map((column) => cellOf(summary[column]))));
    else rows.push(tableRow(summary));
  }
  problems.end();
  if (count === 0) progress(`${store.name} holds no capture${narrowed(options)}.`);
  else if (!options.json && !options.csv) process.stdout.write(formatTable(columns, rows));
}

const columns = [...['time', 'model', 'version', 'id', 'device', 'inputs', 'outputs', 'auxiliary'].map((title) => ({ title })), { title: 'size', right: true }];

function tableRow(summary: CaptureSummary): string[] {
  const { time, model, version, id, device, inputs, outputs, auxiliary, bytes, bytesKnown } = summary;
  const size = `${readableBytes(bytes)}${bytesKnown ? '' : ' or more'}`;
  return [...[time, model, version, id, device, inputs.join(' '), outputs.join(' '), auxiliary.join(' ')].map(printable), size];
}

function cellOf(value: CaptureSummary[keyof CaptureSummary]): string | number {
  return typeof value === 'object' ? value.join(' ') : typeof value === 'boolean' ? String(value) : value;
}
