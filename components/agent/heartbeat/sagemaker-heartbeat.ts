import type { DeviceReport, ModelReport } from '../../common/device-report.ts';

/** A figure as the data plane of Edge Manager takes it; names are at least four characters of letters, digits and inner dashes. */
type Metric = { readonly Dimension: string; readonly MetricName: string; readonly Value: number; readonly Timestamp: number };

/** What names the service takes, and how long. */
export const deviceNameRule = { regex: /^[a-zA-Z0-9](-*_*[a-zA-Z0-9])*$/, longest: 63 } as const;

const notInVersion = /[^a-zA-Z0-9 ._]/g;

/** The body of SendHeartbeat: what it has no field for is a metric. */
export function heartbeatOf(report: DeviceReport): object {
  const { agent, system, spool, time } = report;
  return {
    AgentVersion: words(agent.version, notInVersion, '.', 64),
    DeviceName: report.device,
    DeviceFleetName: report.fleet,
    AgentMetrics: metrics('Agent', time, {
      'Uptime-Seconds': agent.uptimeSeconds,
      'Start-Count': agent.starts,
      'Crash-Count': agent.crashes,
      'CPU-Percent': system.cpuPercent,
      'Memory-Bytes': system.residentBytes,
      'Memory-Available-Bytes': system.memoryAvailableBytes,
      'Disk-Free-Bytes': system.diskFreeBytes,
      'Temperature-Celsius': system.temperatureCelsius,
      'Captures-Waiting': spool?.captures,
      'Captures-Waiting-Bytes': spool?.bytes,
    }),
    Models: report.models.map((model) => modelOf(model, time)),
  };
}

function modelOf(model: ModelReport, time: number): object {
  const { latestSample, latestInference, version } = model;
  return {
    ModelName: modelNameOf(model.name),
    ...(version === undefined || version === null ? {} : { ModelVersion: words(version, notInVersion, '.', 64) }),
    ...(latestSample === undefined || latestSample === null ? {} : { LatestSampleTime: latestSample }),
    ...(latestInference === undefined || latestInference === null ? {} : { LatestInference: latestInference }),
    ModelMetrics: metrics(words(model.alias, /[^a-zA-Z0-9/-]/g, '-', 1_000), time, {
      'Prediction-Count': model.predictions,
      'Error-Count': model.errors,
      'Worker-Restart-Count': model.restarts,
      'Latency-P50-Ms': model.p50Ms,
      'Latency-P99-Ms': model.p99Ms,
    }),
  };
}

/** At least four characters. */
function modelNameOf(name: string): string {
  const allowed = words(name, /[^a-zA-Z0-9-]/g, '-', 255);
  return allowed.length < 4 ? `model-${allowed}` : allowed;
}

function metrics(dimension: string, time: number, values: Readonly<Record<string, number | null | undefined>>): Metric[] {
  return Object.entries(values).flatMap(([name, value]) => (value === null || value === undefined ? [] : [{ Dimension: dimension, MetricName: name, Value: value, Timestamp: time }]));
}

/** Text that begins and ends with a letter or digit, and has nothing in between that is forbidden. */
function words(text: string, forbidden: RegExp, instead: string, longest: number): string {
  const allowed = text.replace(forbidden, instead).slice(0, longest);
  return allowed.replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '') || 'unknown';
}
