/** The text format of Prometheus, version 0.0.4. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;
export type Sample = { readonly labels: Labels; readonly value: number };

/** A counter or gauge with its help line; nothing when it has no samples. */
export function metricText(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  return header(name, type, help) + samples.map(({ labels, value }) => line(name, labels, value)).join('');
}

/** Histograms of one name; nothing when there are none. */
export function histogramText(name: string, help: string, histograms: readonly { labels: Labels; histogram: Histogram }[]): string {
  if (histograms.length === 0) return '';
  return header(name, 'histogram', help) + histograms.map(({ labels, histogram }) => histogram.text(name, labels)).join('');
}

/** Durations in buckets from half a millisecond to a minute. Observing one allocates nothing. */
export class Histogram {
  static readonly bounds: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
  /** Observations by the first bound they do not exceed, and one more for the rest. */
  #counts = new Float64Array(Histogram.bounds.length + 1);
  #sum = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (seconds > (Histogram.bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  text(name: string, labels: Labels): string {
    let count = 0;
    const buckets = [...Histogram.bounds, Infinity].map((bound, index) => {
      count += this.#counts[index] ?? 0;
      return line(`${name}_bucket`, { ...labels, le: bound === Infinity ? '+Inf' : String(bound) }, count);
    });
    return buckets.join('') + line(`${name}_sum`, labels, this.#sum) + line(`${name}_count`, labels, count);
  }
}

function header(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
