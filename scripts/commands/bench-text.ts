import { describeTensor } from '../../components/common/tensor.ts';
import type { Level, Setting } from '../measure/bench.ts';
import type { Figures } from '../measure/figures.ts';
import type { Recommendation } from '../measure/recommend.ts';
import { formatPairs, formatTable } from './table.ts';

/** What is measured. */
export function settingText({ model, agent, device, durationSeconds, rounds, warmUpCalls }: Setting): string {
  return formatPairs([
    ['model', model.name],
    ['inputs', model.inputs.map((input) => `${input.name} ${describeTensor(input)}, ${input.bytes} bytes`).join('\n') || 'none'],
    ['agent', agent.socket === null ? `of its own: IntraOpThreads ${agent.intraOpThreads}, Instances ${agent.instances}` : `on ${agent.socket}${agent.pid === null ? '' : `, pid ${agent.pid}`}`],
    ['device', `${device.processor}, ${device.cpus} CPUs, ${Math.round(device.memoryBytes / 1e6)} MB, Node ${device.node}`],
    ['measured', `${durationSeconds} s each, in ${rounds} rounds, after at most ${warmUpCalls} calls`],
  ]);
}

const columns = [{ title: '' }, ...['p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'per second', 'CPU ms/request', 'p50 ratio', 'throughput ratio'].map((title) => ({ title, right: true }))];

/** The table of one number of callers; ratios are to the in-process row. */
export function levelText({ concurrency, contenders, sharedMemoryToBytes }: Level): string {
  const title = concurrency === 1 ? 'One caller' : `${concurrency} callers at once`;
  const ratio = sharedMemoryToBytes === null ? '' : `p50 of shared memory / bytes: ${number(sharedMemoryToBytes)}\n`;
  return `\n${title}\n${formatTable(columns, contenders.map(cells))}${ratio}`;
}

function cells(figures: Figures): string[] {
  const { name, p50Ms, p90Ms, p99Ms, maxMs, perSecond, cpuMsPerCall, p50Ratio, perSecondRatio } = figures;
  return [name.replaceAll('-', ' '), ...[p50Ms, p90Ms, p99Ms, maxMs, perSecond, cpuMsPerCall, p50Ratio, perSecondRatio].map(number)];
}

/** What there is to know besides; empty without notes. */
export function notesText(notes: readonly string[]): string {
  return notes.length === 0 ? '' : `\n${notes.map((note) => `- ${note}\n`).join('')}`;
}

/** The settings that were tried, and which to take. */
export function recommendationText({ tried, callers, reasons }: Recommendation): string {
  const titles = ['IntraOpThreads', 'Instances', 'p50 ms, one caller', `per second, ${callers} callers`].map((title) => ({ title, right: true }));
  const rows = tried.map(({ intraOpThreads, instances, p50Ms, perSecond }) => [String(intraOpThreads), String(instances), number(p50Ms), number(perSecond)]);
  return `\nRecommended settings\n${formatTable(titles, rows)}${reasons.map((reason) => `- ${reason}\n`).join('')}`;
}

/** Three digits that count; a dash for what was not measured. */
function number(value: number | null): string {
  if (value === null) return '–';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
