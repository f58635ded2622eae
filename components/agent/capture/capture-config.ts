import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { LogLevel } from '../../common/log.ts';
import type { SettingValues } from '../../common/settings.ts';
import type { captureSettings } from './capture-settings.ts';
import type { CaptureOrigin } from './captured-objects.ts';
import type { Overflow } from './spool.ts';
import type { DeliveryOrder } from './waiting-entries.ts';

/** The bucket captures go to. */
export type BucketConfig = { readonly bucket: string; readonly region: string; readonly endpoint: string; readonly idleTimeoutMs: number };

/** What may change while captures are taken and delivered. */
export type CaptureTuning = {
  readonly batchSize: number;
  readonly pushPeriodMs: number;
  readonly overflow: Overflow;
  readonly order: DeliveryOrder;
  /** Undefined, and not Infinity, which JSON does not know, for as fast as it goes. */
  readonly bytesPerSecond: number | undefined;
  readonly logLevel: LogLevel;
};

/** How captured data is kept and delivered, complete and checked; see `capture-settings.ts` for what each key does. */
export type CaptureConfig = CaptureTuning & {
  readonly origin: CaptureOrigin;
  readonly destination: 'Cloud' | 'Disk';
  /** Undefined when no bucket is named. */
  readonly bucket: BucketConfig | undefined;
  readonly diskFolder: string;
  /** Undefined unless what is on the disk is uploaded. */
  readonly periodicUploadMs: number | undefined;
  /** Undefined for captures in memory only. */
  readonly spoolFolder: string | undefined;
  readonly bufferSize: number;
  readonly embedLimit: number;
  readonly budgetBytes: number;
  readonly freeFloorBytes: number;
  readonly parallel: number;
  /** The most bytes of one capture. */
  readonly mostBytes: number;
  readonly allowWritableSharedMemory: boolean;
};

/** The part of a configuration that may change. */
export function tuningOf({ batchSize, pushPeriodMs, overflow, order, bytesPerSecond, logLevel }: CaptureConfig): CaptureTuning {
  return { batchSize, pushPeriodMs, overflow, order, bytesPerSecond, logLevel };
}

type Values = SettingValues<typeof captureSettings>;
type Surroundings = { readonly environment: NodeJS.ProcessEnv; readonly mostBytes: number; readonly allowWritableSharedMemory: boolean; readonly logLevel: LogLevel };

/** @returns the configuration, and a line for each combination of values that cannot be used */
export function captureConfigOf(values: Values, surroundings: Surroundings): { config: CaptureConfig; problems: readonly string[] } {
  const { environment, ...rest } = surroundings;
  const config: CaptureConfig = {
    origin: { prefix: values.FolderPrefix, fleet: values.DeviceFleetName, device: values.DeviceName || environment['AWS_IOT_THING_NAME'] || hostname() },
    destination: values.CaptureDataDestination as CaptureConfig['destination'],
    bucket: bucketOf(values, environment),
    diskFolder: resolve(values.CaptureDataDiskPath),
    periodicUploadMs: values.CaptureDataPeriodicUpload && values.CaptureDataDestination === 'Disk' ? values.CaptureDataPeriodicUploadPeriodSeconds * 1000 : undefined,
    spoolFolder: values.DbEnable ? join(resolve(values.LocalDataRootPath), 'capture-spool') : undefined,
    bufferSize: values.CaptureDataBufferSize,
    batchSize: values.CaptureDataBatchSize,
    pushPeriodMs: values.CaptureDataPushPeriodSeconds * 1000,
    embedLimit: values.CaptureDataBase64EmbedLimit,
    budgetBytes: values.CaptureSpoolMaxMegabytes * 1024 * 1024,
    freeFloorBytes: values.CaptureFreeDiskMegabytes * 1024 * 1024,
    overflow: values.CaptureOverflow as Overflow,
    order: values.CaptureUploadOrder as DeliveryOrder,
    bytesPerSecond: values.UploadMaxKilobytesPerSecond === 0 ? undefined : values.UploadMaxKilobytesPerSecond * 1024,
    parallel: values.UploadParallel,
    ...rest,
  };
  return { config, problems: problemsOf(values, config) };
}

function bucketOf(values: Values, environment: NodeJS.ProcessEnv): BucketConfig | undefined {
  if (values.BucketName === '') return undefined;
  return {
    bucket: values.BucketName,
    region: values.AwsRegion || environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || (values.S3Endpoint === '' ? '' : 'us-east-1'),
    endpoint: values.S3Endpoint,
    idleTimeoutMs: values.UploadIdleTimeoutSeconds * 1000,
  };
}

function problemsOf(values: Values, { bucket, destination }: CaptureConfig): string[] {
  const problems: string[] = [];
  if (values.CaptureDataBatchSize >= values.CaptureDataBufferSize) {
    problems.push(`CaptureDataBatchSize: expected less than CaptureDataBufferSize (${values.CaptureDataBufferSize}), got ${values.CaptureDataBatchSize}`);
  }
  const uploads = destination === 'Cloud' || values.CaptureDataPeriodicUpload;
  if (values.CaptureDataPeriodicUpload && destination === 'Disk' && bucket === undefined) problems.push('CaptureDataPeriodicUpload: true needs a bucket; expected BucketName, got none');
  if (bucket === undefined) return problems;
  if (values.BucketNameRule === 'sagemaker' && !bucket.bucket.includes('sagemaker')) problems.push(`BucketName: expected a name that contains "sagemaker", got "${bucket.bucket}"; use another bucket, or set BucketNameRule to any`);
  if (uploads && bucket.region === '') problems.push('AwsRegion: a bucket needs its region; expected it here or in AWS_REGION, where Greengrass puts it, got none');
  return problems;
}
