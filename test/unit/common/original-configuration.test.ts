import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentSettings } from '../../../components/agent/settings.ts';
import { readConfigurationKeys } from '../../../components/common/original-configuration.ts';
import { originalSettings } from '../../../components/common/original-settings.ts';
import type { SettingsTable } from '../../../components/common/settings.ts';

const table = {
  UnixSocketName: { kind: 'text', default: '/tmp/a', doc: '', live: false },
  LogLevel: { kind: 'choice', default: 'info', choices: ['debug', 'info'], doc: '', live: false },
} as const satisfies SettingsTable;
const read = (source: Record<string, unknown>): ReturnType<typeof readConfigurationKeys> => readConfigurationKeys(table, source);
const fates = (source: Record<string, unknown>): string[] => read(source).outcomes.map(({ key, fate, becomes }) => `${key} ${fate} ${becomes ?? ''}`.trim());
const allKeys = originalSettings.flatMap((row) => [...row.json, ...(row.greengrass === undefined ? [] : [row.greengrass])]);

describe('the table', () => {
  it('has each key once, and every key the contract names', () => {
    expect(new Set(allKeys).size).toBe(allKeys.length);
    const prefixes = ['sagemaker_edge_core_', 'sagemaker_edge_provider_', 'sagemaker_edge_'];
    expect(allKeys.filter((key) => key.includes('_') && !prefixes.some((prefix) => key.startsWith(prefix)))).toEqual([]);
    expect(allKeys).toEqual(expect.arrayContaining(['sagemaker_edge_core_device_uuid', 'sagemaker_edge_telemetry_libsystemd_path', 'DeploymentPollInterval', 'DLRBackendOptions']));
  });

  it('gives no two settings the same key of ours', () => {
    const ours = originalSettings.flatMap((row) => ('key' in row.became ? [row.became.key] : []));
    expect(new Set(ours).size).toBe(ours.length);
  });
});

describe('a configuration with keys of the original', () => {
  it('is translated where the agent has such a setting, from text or JSON values', () => {
    for (const verbose of [true, 'True', ' true ']) {
      expect(read({ sagemaker_edge_log_verbose: verbose, UnixSocketName: '/tmp/b' })).toMatchObject({ settings: { LogLevel: 'debug', UnixSocketName: '/tmp/b' }, problems: [] });
    }
    expect(read({ SagemakerEdgeLogVerbose: 'false' }).settings).toEqual({ LogLevel: 'info' });
  });

  it('keeps for later what the agent has no setting for yet, checked', () => {
    const { waiting, settings, problems } = read({ sagemaker_edge_core_capture_data_batch_size: '10', CaptureDataDestination: 'disk', sagemaker_edge_core_root_certs_path: '/certs' });
    expect(waiting).toEqual({ CaptureDataBatchSize: 10, CaptureDataDestination: 'Disk', TrustedCertificatesPath: '/certs' });
    expect([settings, problems]).toEqual([{}, []]);
  });

  it('becomes a setting as soon as the table has a row of that key', () => {
    const later = { ...table, TrustedCertificatesPath: { kind: 'text', default: '', doc: '', live: false } } as const satisfies SettingsTable;
    expect(readConfigurationKeys(later, { sagemaker_edge_core_root_certs_path: '/certs' })).toMatchObject({
      settings: { TrustedCertificatesPath: '/certs' },
      waiting: {},
      outcomes: [{ fate: 'renamed', becomes: 'TrustedCertificatesPath' }],
    });
    const strict = { ...table, TrustedCertificatesPath: { kind: 'text', default: '', pattern: { regex: /^\//, expected: 'an absolute path' }, doc: '', live: false } } as const satisfies SettingsTable;
    expect(readConfigurationKeys(strict, { sagemaker_edge_core_root_certs_path: 'certs' }).problems).toEqual([
      'sagemaker_edge_core_root_certs_path: expected an absolute path, as TrustedCertificatesPath takes, got "certs"',
    ]);
  });

  it.each([
    ['our own key wins', { sagemaker_edge_log_verbose: true, LogLevel: 'info' }, ['sagemaker_edge_log_verbose overruled LogLevel', 'LogLevel kept LogLevel'], { LogLevel: 'info' }],
    ['an empty key of ours does not', { sagemaker_edge_log_verbose: true, LogLevel: '' }, ['sagemaker_edge_log_verbose renamed LogLevel', 'LogLevel empty'], { LogLevel: 'debug' }],
    ['the newer key of the original wins', { sagemaker_edge_core_device_uuid: 'a', sagemaker_edge_core_device_name: 'b' }, ['sagemaker_edge_core_device_uuid overruled sagemaker_edge_core_device_name', 'sagemaker_edge_core_device_name waiting DeviceName'], {}],
    ['a key without meaning is dropped', { sagemaker_edge_provider_provider: 'aws', Colour: 1 }, ['sagemaker_edge_provider_provider dropped', 'Colour unknown'], {}],
  ])('%s', (_, source, expected, settings) => {
    expect(fates(source)).toEqual(expected);
    expect(read(source)).toMatchObject({ settings, problems: [] });
  });

  it('reports every problem at once: subject, expected, received', () => {
    const { problems } = read({
      sagemaker_edge_core_device_name: 'x'.repeat(64),
      sagemaker_edge_core_device_fleet_name: ['fleet'],
      sagemaker_edge_core_capture_data_destination: 'Moon',
      sagemaker_edge_core_capture_data_base64_embed_limit: '3073',
      CaptureDataPeriodicUpload: 'maybe',
      sagemaker_edge_provider_s3_bucket_name: 'photos',
      sagemaker_edge_log_verbose: 1,
      DeploymentPollInterval: 'often',
      FolderPrefix: 'p'.repeat(1_024),
    });
    expect(problems).toEqual([
      `sagemaker_edge_core_device_name: expected text of at most 63 characters, got "${'x'.repeat(64)}"`,
      'sagemaker_edge_core_device_fleet_name: expected text of at most 1023 characters, got ["fleet"]',
      'sagemaker_edge_core_capture_data_destination: expected one of Cloud, Disk, got "Moon"',
      'sagemaker_edge_core_capture_data_base64_embed_limit: expected a whole number from 0 to 3072, got "3073"',
      'CaptureDataPeriodicUpload: expected true or false, got "maybe"',
      'sagemaker_edge_log_verbose: expected true or false, got 1',
      'DeploymentPollInterval: expected a whole number from 0 to 1000000, got "often"',
      `FolderPrefix: expected text of at most 1023 characters, got "${'p'.repeat(1_024)}"`,
    ]);
  });

  it('takes values at the limits', () => {
    const source = { sagemaker_edge_core_device_name: 'é'.repeat(63), DeviceFleetName: 'f'.repeat(1_023), BucketName: `sagemaker${'b'.repeat(1_014)}`, CaptureDataBase64EmbedLimit: 3_072 };
    expect(read(source).problems).toEqual([]);
  });

  it.each([
    ['a batch as large as the buffer', { sagemaker_edge_core_capture_data_batch_size: 30, CaptureDataBufferSize: '30' }, 'sagemaker_edge_core_capture_data_batch_size: expected less than CaptureDataBufferSize (30), got 30'],
    ['the cloud without a bucket', { CaptureDataDestination: 'Cloud' }, 'CaptureDataDestination: Cloud needs a bucket; expected BucketName or sagemaker_edge_provider_s3_bucket_name, got none'],
    ['periodic upload without a bucket', { CaptureDataPeriodicUpload: true, BucketName: '' }, 'CaptureDataPeriodicUpload: true needs a bucket; expected BucketName or sagemaker_edge_provider_s3_bucket_name, got none'],
  ])('refuses %s, as the original did', (_, source, problem) => {
    expect(read(source).problems).toEqual([problem]);
  });

  it.each(['None', 'custom'])('takes the cloud without a bucket from the provider %s, which the original let do so', (provider) => {
    expect(read({ sagemaker_edge_core_capture_data_destination: 'Cloud', sagemaker_edge_provider_provider: provider }).problems).toEqual([]);
  });

  it('shows no value of a key that leads to credentials, even when it cannot be used', () => {
    const { problems } = read({ sagemaker_edge_provider_aws_cert_pk_file: { pem: 'hunter2' } });
    expect(problems).toEqual(['sagemaker_edge_provider_aws_cert_pk_file: expected text, got something else']);
  });

  it('never throws, has one outcome per key, and one problem per unusable value', () => {
    const key = fc.constantFrom(...allKeys, ...Object.keys(agentSettings), 'Colour', '__proto__', 'constructor', 'toString');
    const source = fc.array(fc.tuple(key, fc.oneof(fc.jsonValue(), fc.constant({ toString: 1 })))).map((entries) => Object.fromEntries(entries));
    fc.assert(
      fc.property(source, (configuration) => {
        const { outcomes, problems, settings, waiting } = readConfigurationKeys(agentSettings, configuration);
        expect(outcomes.map((outcome) => outcome.key)).toEqual(Object.keys(configuration));
        expect(Object.keys(settings).filter((name) => !Object.hasOwn(agentSettings, name))).toEqual([]);
        expect(Object.keys(waiting).filter((name) => Object.hasOwn(agentSettings, name))).toEqual([]);
        for (const [name, value] of Object.entries(configuration)) {
          const row = originalSettings.find((one) => one.json.includes(name));
          if (row !== undefined && typeof value === 'object' && value !== null) expect(problems.filter((problem) => problem.startsWith(`${name}: `))).toHaveLength(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never leaves a value of the wrong kind unreported', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...allKeys)), (keys) => {
        const source = Object.fromEntries(keys.map((name) => [name, []]));
        const own = keys.filter((name) => Object.hasOwn(table, name));
        expect(read(source).problems).toHaveLength(keys.length - own.length);
      }),
    );
  });
});
