import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { status } from '@grpc/grpc-js';
import { hasCode } from '../common/errors.ts';
import { productVersion } from '../common/version.ts';
import { Histogram, histogramText, metricText } from './metrics-text.ts';
import type { ModelObserver } from './model-observer.ts';
import type { ModelRegistry } from './model-registry.ts';

type ModelFigures = { readonly queue: Histogram; readonly run: Histogram; readonly total: Histogram; restarts: number };

/** What the agent counts. Figures of a model begin when it is loaded and go when it is unloaded, which bounds their number. */
export class AgentMetrics implements ModelObserver {
  /** Per path, the calls answered with each status code; the code is the index. */
  #requests = new Map<string, Float64Array>();
  #models = new Map<string, ModelFigures>();

  /** Counts a call by its path. */
  answered(path: string, code: number): void {
    let counts = this.#requests.get(path);
    if (counts === undefined) {
      counts = new Float64Array(Object.keys(status).length / 2);
      this.#requests.set(path, counts);
    }
    counts[code] = (counts[code] ?? 0) + 1;
  }

  serving(alias: string): void {
    if (this.#models.has(alias)) return;
    this.#models.set(alias, { queue: new Histogram(), run: new Histogram(), total: new Histogram(), restarts: 0 });
  }

  restarting(alias: string): void {
    const figures = this.#models.get(alias);
    if (figures !== undefined) figures.restarts += 1;
  }

  predicted(alias: string, queueMs: number, runMs: number): void {
    const figures = this.#models.get(alias);
    figures?.queue.observe(queueMs / 1000);
    figures?.run.observe(runMs / 1000);
    figures?.total.observe((queueMs + runMs) / 1000);
  }

  refused(): void {
    // Counted by the status of the call.
  }

  sampled(): void {
    // So is this.
  }

  gone(alias: string): void {
    this.#models.delete(alias);
  }

  /** Everything counted, and what the models and their workers use now, in Prometheus' text format. */
  text(models: Pick<ModelRegistry, 'usage'>): string {
    return this.#requestsText() + this.#modelsText() + usageText(models.usage()) + processText();
  }

  #requestsText(): string {
    const samples = [...this.#requests].flatMap(([path, counts]) =>
      [...counts].flatMap((value, code) => (value === 0 ? [] : [{ labels: { method: basename(path), code: status[code] ?? String(code) }, value }])),
    );
    return metricText('fescue_agent_requests_total', 'counter', 'Calls answered, by method and gRPC status.', samples);
  }

  #modelsText(): string {
    const durations = [...this.#models].flatMap(([model, figures]) =>
      (['queue', 'run', 'total'] as const).map((stage) => ({ labels: { model, stage }, histogram: figures[stage] })),
    );
    return (
      histogramText('fescue_agent_predict_duration_seconds', 'Time of predictions that were run: waiting for the worker (queue), in the worker (run), and both (total).', durations) +
      metricText('fescue_agent_worker_restarts_total', 'counter', 'Times a worker of the model ended by itself and was replaced.', [...this.#models].map(([model, { restarts }]) => ({ labels: { model }, value: restarts })))
    );
  }
}

function usageText(usage: ReturnType<ModelRegistry['usage']>): string {
  const memory = usage.map(({ alias, workerPids }) => ({ labels: { model: alias }, value: workerPids.reduce((sum, pid) => sum + residentBytes(pid), 0) }));
  return (
    metricText('fescue_agent_models_loaded', 'gauge', 'Models loaded.', [{ labels: {}, value: usage.length }]) +
    metricText('fescue_agent_queue_depth', 'gauge', 'Predictions of the model that wait for a worker.', usage.map(({ alias, waiting }) => ({ labels: { model: alias }, value: waiting }))) +
    metricText('fescue_agent_model_info', 'gauge', 'Always 1; which execution provider runs the model is in the labels.', usage.map(({ alias, provider }) => ({ labels: { model: alias, provider }, value: 1 }))) +
    metricText('fescue_agent_worker_resident_memory_bytes', 'gauge', 'Resident memory of the model\'s worker processes.', memory)
  );
}

function processText(): string {
  return (
    metricText('process_resident_memory_bytes', 'gauge', 'Resident memory of the agent process, without its workers.', [{ labels: {}, value: process.memoryUsage.rss() }]) +
    metricText('process_start_time_seconds', 'gauge', 'Start time of the agent since the Unix epoch.', [{ labels: {}, value: performance.timeOrigin / 1000 }]) +
    metricText('fescue_agent_build_info', 'gauge', 'Always 1; what runs is in the labels.', [{ labels: { version: productVersion, node: process.versions.node }, value: 1 }])
  );
}

/** From `status` and not `statm`, whose page size Node cannot tell; 0 when the process has ended. */
function residentBytes(pid: number): number {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return 0;
    throw error;
  }
}
