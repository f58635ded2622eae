import { z } from 'zod';

/** The named shadow whose reported state is the latest report of a device. */
export const reportShadow = 'fescue';

/** Where a device publishes each report. */
export function heartbeatTopic(fleet: string, device: string): string {
  return `fescue/fleet/${fleet}/${device}/heartbeat`;
}

/**
 * The most a report has, as JSON. A shadow takes 8 KB, but nucleus lite takes IPC messages of 10,000 bytes, in which the report
 * is base64, and keeps two of them for a while in 15,000.
 */
export const mostReportBytes = 6 * 1024;

const count = z.int().min(0);
/** Seconds since 1970; null when it never was. Whole numbers, by which fleet indexing can be asked. */
const moment = z.int().min(0).nullish();

const modelReport = z.looseObject({
  alias: z.string(),
  name: z.string(),
  version: z.string().nullish(),
  /** SHA-256 of the ONNX file in hexadecimal, or the first digits of it. */
  digest: z.string().nullish(),
  provider: z.string().nullish(),
  /** Since the model was loaded, as the other counts. */
  predictions: count,
  errors: count,
  restarts: count,
  /** Of the predictions lately, in milliseconds; null without any. */
  p50Ms: z.number().min(0).nullish(),
  p99Ms: z.number().min(0).nullish(),
  latestInference: moment,
  latestSample: moment,
});

/**
 * What a device tells of itself, in each heartbeat and as the reported state of its shadow: at most `mostReportBytes` of
 * JSON. What a device cannot tell is null or absent; readers ignore keys they do not know.
 */
export const deviceReportSchema = z.looseObject({
  format: z.literal(1),
  fleet: z.string(),
  device: z.string(),
  /** When it was made, in seconds since 1970 by the device's clock. */
  time: z.int().min(0),
  /** The next one comes within so many seconds, unless the device is gone. */
  periodSeconds: z.number().positive(),
  /** A device that stops in an orderly way says so. */
  state: z.enum(['running', 'stopping']),
  agent: z.looseObject({
    version: z.string(),
    uptimeSeconds: count,
    /** Starts, and ends that were no orderly stop, since the agent was installed. */
    starts: count,
    crashes: count,
  }),
  models: z.array(modelReport),
  /** Models that found no room in the report. */
  modelsLeftOut: count.nullish(),
  /** Captures that wait for their delivery; null where nothing is captured. */
  spool: z.looseObject({ captures: count, bytes: count, oldest: moment, isFailing: z.boolean() }).nullish(),
  system: z.looseObject({
    /** `x64` or `arm64`. */
    architecture: z.string().nullish(),
    /** Of one CPU, by the agent and all its processes, since the report before. */
    cpuPercent: z.number().min(0).nullish(),
    /** Of the agent and all its processes. */
    residentBytes: count.nullish(),
    memoryAvailableBytes: count.nullish(),
    diskFreeBytes: count.nullish(),
    temperatureCelsius: z.number().nullish(),
  }),
});

export type DeviceReport = z.output<typeof deviceReportSchema>;
export type ModelReport = z.output<typeof modelReport>;
