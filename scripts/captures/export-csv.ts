import { join } from 'node:path';
import { csvRow } from './csv.ts';
import { readEntry, tensorOf } from './entry-data.ts';
import { lineWriter, type Exporter, type ExporterOptions } from './exporter.ts';
import { statisticsOf } from './statistics.ts';
import { headOf, summaryOf } from './summary.ts';

const headColumns = ['time', 'device', 'fleet', 'model', 'version', 'id', 'key', 'line'] as const;
const columns = [...headColumns, 'inputs', 'outputs', 'auxiliary', 'output', 'count', 'min', 'max', 'mean', 'top_index', 'top_value'];

/** `captures.csv`: a row per capture, with statistics of its first output and the index and value of its largest element. */
export async function csvExporter({ store, folder }: ExporterOptions): Promise<Exporter> {
  const write = await lineWriter(join(folder, 'captures.csv'), csvRow(columns));
  return {
    add: async (found) => {
      const [head, summary] = [headOf(found), summaryOf(found)];
      const [output] = found.line.deviceFleetOutputs;
      const lists = [summary.inputs, summary.outputs, summary.auxiliary].map((list) => list.join(' '));
      const statistics = output === undefined ? undefined : statisticsOf(tensorOf(output, await readEntry(output, { store, key: found.key })));
      const cells = statistics === undefined ? [0, '', '', '', '', ''] : [statistics.count, ...(statistics.top === -1 ? ['', '', '', '', ''] : [statistics.min, statistics.max, statistics.mean, statistics.top, statistics.max])];
      await write(csvRow([...headColumns.map((column) => head[column]), ...lists, output?.name ?? '', ...cells]));
    },
  };
}
