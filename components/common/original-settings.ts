import type { ValueRule } from './settings.ts';

/**
 * A setting of the original Edge Manager agent. The parser, the report of `fescue migrate` and `docs/migration.md` are
 * made from these rows.
 */
export type OriginalSetting = {
  /** Its keys in the JSON file of `-c`, the newest first. */
  readonly json: readonly string[];
  /** Its key in the configuration of the original's Greengrass component. */
  readonly greengrass?: string;
  readonly takes: ValueRule;
  /** Whether a value, even a wrong one, must never be shown. */
  readonly secret?: true;
  readonly became: Kept | Dropped;
};

/** The setting lives on under a key of the agent. */
export type Kept = { readonly key: string; readonly values?: Readonly<Record<string, string>> };
/** The setting has no effect, and why. */
export type Dropped = { readonly dropped: string };

/** The original's Greengrass component. */
export const originalComponent = 'aws.greengrass.SageMakerEdgeManager';

const flag = { kind: 'flag' } as const;
const text = { kind: 'text' } as const;
const days = 31 * 24 * 3_600;
const credentials = 'credentials come from the token exchange service of Greengrass, or elsewhere from the environment as AWS tools read it';
const deployment = 'the service that pushed models to devices has ended; deploy models as Greengrass components';

/** Every setting of the original, as far as its documentation, samples and installers know them. */
export const originalSettings: readonly OriginalSetting[] = [
  { json: [], greengrass: 'UnixSocketName', takes: text, became: { key: 'UnixSocketName' } },
  {
    json: ['sagemaker_edge_core_device_name', 'sagemaker_edge_core_device_uuid'],
    takes: textUpTo(63),
    became: { key: 'DeviceName' },
  },
  { json: ['sagemaker_edge_core_device_fleet_name'], greengrass: 'DeviceFleetName', takes: textUpTo(1_023), became: { key: 'DeviceFleetName' } },
  { json: ['sagemaker_edge_core_iot_thing_name'], takes: text, became: { dropped: 'Greengrass tells each component the name of its thing' } },
  { json: ['sagemaker_edge_core_region'], takes: text, became: { key: 'AwsRegion' } },
  {
    json: ['sagemaker_edge_core_root_certs_path'],
    takes: text,
    became: { key: 'TrustedCertificatesPath' },
  },
  {
    json: ['sagemaker_edge_core_capture_data_destination'],
    greengrass: 'CaptureDataDestination',
    takes: { kind: 'choice', choices: ['Cloud', 'Disk'] },
    became: { key: 'CaptureDataDestination' },
  },
  { json: ['sagemaker_edge_core_capture_data_disk_path'], greengrass: 'CaptureDataDiskPath', takes: text, became: { key: 'CaptureDataDiskPath' } },
  { json: ['sagemaker_edge_core_folder_prefix'], greengrass: 'FolderPrefix', takes: textUpTo(1_023), became: { key: 'FolderPrefix' } },
  {
    json: ['sagemaker_edge_core_capture_data_buffer_size'],
    greengrass: 'CaptureDataBufferSize',
    takes: wholeNumber(1, 1_000_000),
    became: { key: 'CaptureDataBufferSize' },
  },
  {
    json: ['sagemaker_edge_core_capture_data_batch_size'],
    greengrass: 'CaptureDataBatchSize',
    takes: wholeNumber(1, 1_000_000),
    became: { key: 'CaptureDataBatchSize' },
  },
  {
    json: ['sagemaker_edge_core_capture_data_push_period_seconds'],
    greengrass: 'CaptureDataPushPeriodSeconds',
    takes: wholeNumber(1, days),
    became: { key: 'CaptureDataPushPeriodSeconds' },
  },
  {
    json: ['sagemaker_edge_core_capture_data_base64_embed_limit'],
    greengrass: 'CaptureDataBase64EmbedLimit',
    takes: wholeNumber(0, 3_072),
    became: { key: 'CaptureDataBase64EmbedLimit' },
  },
  {
    json: ['sagemaker_edge_core_capture_data_periodic_upload'],
    greengrass: 'CaptureDataPeriodicUpload',
    takes: flag,
    became: { key: 'CaptureDataPeriodicUpload' },
  },
  {
    json: ['sagemaker_edge_core_capture_data_periodic_upload_period_seconds'],
    greengrass: 'CaptureDataPeriodicUploadPeriodSeconds',
    takes: wholeNumber(1, days),
    became: { key: 'CaptureDataPeriodicUploadPeriodSeconds' },
  },
  {
    json: ['sagemaker_edge_provider_s3_bucket_name'],
    greengrass: 'BucketName',
    takes: textUpTo(1_023),
    became: { key: 'BucketName' },
  },
  {
    json: ['sagemaker_edge_provider_provider'],
    takes: { kind: 'choice', choices: ['Aws', 'None', 'Custom'] },
    became: { dropped: 'there are no provider libraries to load; Provider says whom the agent reports to, and CaptureDataDestination where captures go' },
  },
  { json: ['sagemaker_edge_provider_provider_path'], takes: text, became: { dropped: 'there are no provider libraries to load' } },
  { json: ['sagemaker_edge_provider_aws_ca_cert_file'], takes: text, became: { dropped: credentials } },
  { json: ['sagemaker_edge_provider_aws_cert_file'], takes: text, secret: true, became: { dropped: credentials } },
  { json: ['sagemaker_edge_provider_aws_cert_pk_file'], takes: text, secret: true, became: { dropped: credentials } },
  { json: ['sagemaker_edge_provider_aws_iot_cred_endpoint'], takes: text, secret: true, became: { dropped: credentials } },
  {
    json: ['sagemaker_edge_log_verbose'],
    greengrass: 'SagemakerEdgeLogVerbose',
    takes: flag,
    became: { key: 'LogLevel', values: { true: 'debug', false: 'info' } },
  },
  { json: ['sagemaker_edge_telemetry_libsystemd_path'], takes: text, became: { dropped: 'crashes are not counted through libsystemd' } },
  { json: ['sagemaker_edge_db_module_path'], takes: text, became: { dropped: 'there is no database library to load' } },
  { json: [], greengrass: 'DbEnable', takes: flag, became: { key: 'DbEnable' } },
  {
    json: ['sagemaker_edge_local_data_root_path'],
    greengrass: 'LocalDataRootPath',
    takes: text,
    became: { key: 'LocalDataRootPath' },
  },
  { json: [], greengrass: 'DeploymentEnable', takes: flag, became: { dropped: deployment } },
  { json: ['sagemaker_edge_deployment_lib_path'], takes: text, became: { dropped: deployment } },
  {
    json: ['sagemaker_edge_model_deployment_poll_interval'],
    greengrass: 'DeploymentPollInterval',
    takes: wholeNumber(0, 1_000_000),
    became: { dropped: deployment },
  },
  {
    json: ['sagemaker_edge_dlr_backend_options'],
    greengrass: 'DLRBackendOptions',
    takes: text,
    became: { dropped: 'models run on ONNX Runtime, not on DLR; IntraOpThreads sets the threads of a prediction' },
  },
];

function textUpTo(limit: number): ValueRule {
  return { kind: 'text', pattern: { regex: new RegExp(`^.{1,${limit}}$`, 'su'), expected: `text of at most ${limit} characters` } };
}

function wholeNumber(min: number, max: number): ValueRule {
  return { kind: 'number', integer: true, min, max };
}
