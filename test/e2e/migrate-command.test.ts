import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { originalConfiguration } from '../helpers/original-configuration.ts';
import { authority, chainOf } from '../helpers/signing.ts';
import { fescue, type CommandResult } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useAgent } from '../helpers/use-agent.ts';

const original = 'aws.greengrass.SageMakerEdgeManager';

/** Runs the command on a file with this content, an object being JSON. */
async function migrate(content: unknown, ...args: string[]): Promise<CommandResult & { folder: string }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'old'), typeof content === 'string' ? content : JSON.stringify(content));
  return { ...(await fescue('migrate', join(folder, 'old'), ...args)), folder };
}

const migratedSettings = {
  DeviceName: 'gate-4',
  DeviceFleetName: 'gates',
  AwsRegion: 'eu-central-1',
  TrustedCertificatesPath: '/opt/agent/certificates',
  CaptureDataDestination: 'Cloud',
  CaptureDataDiskPath: '/var/capture',
  FolderPrefix: 'captured',
  CaptureDataBufferSize: 30,
  CaptureDataBatchSize: 10,
  CaptureDataPushPeriodSeconds: 4_000,
  CaptureDataBase64EmbedLimit: 2,
  CaptureDataPeriodicUpload: false,
  CaptureDataPeriodicUploadPeriodSeconds: 8,
  BucketName: 'sagemaker-gates',
  LogLevel: 'info',
};

describe('a JSON configuration of the original', () => {
  test('becomes settings, with a line of report per key, and no path to a private key', async () => {
    const { code, stdout, stderr } = await migrate(originalConfiguration);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(migratedSettings);
    for (const key of Object.keys(originalConfiguration)) expect(stderr).toMatch(new RegExp(`^${key} +(kept|renamed|dropped) `, 'm'));
    expect(stderr).toMatch(/^sagemaker_edge_core_device_name +renamed +DeviceName +\S/m);
    expect(stderr).toMatch(/^sagemaker_edge_log_verbose +dropped +LogLevel is given too, and wins$/m);
    expect(stderr).toMatch(/^sagemaker_edge_provider_aws_cert_pk_file +dropped +credentials come from/m);
    expect(stdout + stderr).not.toContain('private.pem.key');
  });

  test('is accepted by a real agent after the migration, on the socket of -a', async () => {
    const folder = await temporaryFolder();
    const certificates = join(folder, 'roots.pem');
    await writeFile(certificates, chainOf(await authority()));
    await writeFile(join(folder, 'old'), JSON.stringify({ ...originalConfiguration, sagemaker_edge_core_root_certs_path: certificates, sagemaker_edge_log_verbose: 'true', LogLevel: '' }));
    const written = await fescue('migrate', join(folder, 'old'), '--to', 'json', '--out', join(folder, 'agent.json'));
    expect(written).toMatchObject({ code: 0, stdout: '' });
    const agent = await useAgent({ folder, args: ['-c', 'agent.json'] });
    expect(await agent.client.listModels()).toEqual([]);
    expect(JSON.parse(await readFile(join(folder, 'agent.json'), 'utf8'))).toMatchObject({ LogLevel: 'debug' });
    expect(agent.output()).not.toContain('is not known');
  });

  test('becomes a deployment with --to recipe', async () => {
    const { stdout, stderr } = await migrate({ sagemaker_edge_log_verbose: true }, '--to', 'recipe');
    expect(JSON.parse(stdout)).toEqual({ 'dev.fescue.EdgeAgent': { MERGE: { LogLevel: 'debug' } } });
    expect(stderr).toContain(`--remove ${original} --merge dev.fescue.EdgeAgent=`);
  });

  test('with values that cannot be used is refused with all of them, and nothing is written', async () => {
    const { code, stdout, stderr, folder } = await migrate(
      { ...originalConfiguration, sagemaker_edge_core_device_name: 'x'.repeat(64), sagemaker_edge_core_capture_data_base64_embed_limit: 4_000, QueueSize: 0, sagemaker_edge_provider_aws_cert_pk_file: ['hunter2'] },
      '--out',
      'never.json',
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/sagemaker_edge_core_device_name: expected.*embed_limit: expected a whole number from 0 to 3072, got 4000.*QueueSize: expected/s);
    expect(stderr).not.toContain('hunter2');
    await expect(readFile(join(folder, 'never.json'))).rejects.toThrow('ENOENT');
  });

  test('is not written over a file that exists', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'kept'), 'data');
    await writeFile(join(folder, 'old.json'), '{"DeviceFleetName": "gates"}');
    expect(await fescue('migrate', join(folder, 'old.json'), '--out', join(folder, 'kept'))).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') as string });
    expect(await readFile(join(folder, 'kept'), 'utf8')).toBe('data');
  });
});

describe("the configuration of the original's component", () => {
  const settings = { DeviceFleetName: 'gates', BucketName: 'sagemaker-gates', CaptureDataBatchSize: '10', UnixSocketName: '/tmp/gate.sock', DeploymentEnable: 'true' };
  const migrated = { 'dev.fescue.EdgeAgent': { MERGE: { UnixSocketName: '/tmp/gate.sock', DeviceFleetName: 'gates', BucketName: 'sagemaker-gates', CaptureDataBatchSize: 10 } } };
  const yaml = `componentname: ${original}\nComponentVersion: 1.3.0\nComponentConfiguration:\n  defaultConfiguration:\n${Object.entries(settings).map(([key, value]) => `    ${key}: "${value}"\n`).join('')}`;

  test.each([
    ['a deployment of greengrass-cli', { [original]: { MERGE: settings, RESET: ['/FolderPrefix'] } }],
    ['a deployment of the cloud, with its merge as text', { targetArn: 'arn', components: { [original]: { componentVersion: '1.3.0', configurationUpdate: { merge: JSON.stringify(settings), reset: ['/FolderPrefix'] } }, 'com.example.App': {} } }],
    ['plain keys of the component', { [original]: settings }],
    ['its recipe, in any case', yaml],
  ])('is found in %s', async (_, content) => {
    const { code, stdout, stderr } = await migrate(content);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(migrated);
    expect(stderr).toMatch(/^DeploymentEnable +dropped +the service/m);
    if (JSON.stringify(content).includes('/FolderPrefix')) expect(stderr).toMatch(/^RESET \/FolderPrefix +dropped/m);
    if (JSON.stringify(content).includes('com.example.App')) expect(stderr).toContain('Not changed, and not part of the result: com.example.App.');
  });
});

describe('a recipe that uses the original', () => {
  const recipe = `# our camera
RecipeFormatVersion: "2020-01-25"
ComponentName: com.example.Camera
ComponentVersion: "{COMPONENT_VERSION}"
ComponentDependencies:
  ${original}: # the agent
    VersionRequirement: ">=1.0.0"
    DependencyType: HARD
  variant.DLR.ImageClassification.ModelStore:
    VersionRequirement: ">=2.0.0"
Manifests:
  - Lifecycle:
      run:
        Setenv:
          SOCKET: "{${original}:configuration:/UnixSocketName}"
          PREFIX: "{${original}:configuration:/FolderPrefix}"
          POLL: "{${original}:configuration:/DeploymentPollInterval}"
          PASSWORD: hunter2
        Script: |
          cp ../${original}/capture .
          python3 run.py unix:///tmp/${original}.sock
`;

  test('comes back with its dependency and placeholders changed, and the rest as it was', async () => {
    const { code, stdout, stderr } = await migrate(recipe);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# our camera\n/);
    expect(stdout).toMatch(/ {2}dev\.fescue\.EdgeAgent:\n {4}# the agent\n {4}VersionRequirement: ">=\d+\.\d+\.\d+ <\d+\.\d+\.\d+"\n {4}DependencyType: HARD\n/);
    expect(stdout).toContain('SOCKET: "{dev.fescue.EdgeAgent:configuration:/UnixSocketName}"');
    expect(stdout).toContain(`unix:///tmp/${original}.sock`);
    expect(stderr).toMatch(new RegExp(`^ComponentDependencies ${original} +renamed +dev\\.fescue\\.EdgeAgent `, 'm'));
    expect(stderr).toMatch(/:configuration:\/DeploymentPollInterval\} +dropped +/);
    expect(stderr).toMatch(/^Manifests\.Lifecycle\.run\.Script +kept +names /m);
    expect(stderr).toMatch(/compiled for the DLR runtime \(variant\.DLR\.ImageClassification\.ModelStore\).*fescue package/s);
    expect(stderr).not.toContain('hunter2');
  });

  test('comes back as JSON when it was JSON', async () => {
    const { stdout } = await migrate(JSON.stringify(parse(recipe)));
    expect(JSON.parse(stdout)).toMatchObject({ ComponentName: 'com.example.Camera', ComponentDependencies: { 'dev.fescue.EdgeAgent': { DependencyType: 'HARD' } } });
  });

  test('has no settings to write as JSON', async () => {
    expect(await migrate(recipe, '--to', 'json')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Use --to recipe') as string });
  });
});

describe('a model compiled by Neo', () => {
  async function modelFolder(...names: string[]): Promise<string> {
    const folder = join(await temporaryFolder(), 'model');
    for (const name of names) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), 'x');
    }
    return folder;
  }

  test('is recognised in a folder and in an archive, and answered with what to do', async () => {
    const folder = await modelFolder('sagemaker_edge_manifest', 'lib/libdlr.so', 'compiled_model.json', 'model.params');
    await create({ file: `${folder}.tar.gz`, gzip: true, cwd: folder }, ['.']);
    for (const path of [folder, `${folder}.tar.gz`]) {
      const { code, stdout, stderr } = await fescue('migrate', path);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/compiled for the DLR runtime \((?=.*compiled_model\.json)(?=.*libdlr\.so)(?=.*model\.params).*ONNX.*fescue package/s);
    }
  });

  test.each([
    [['model.onnx'], 'holds an ONNX model, which needs no migration'],
    [['readme.txt'], 'is a folder without a compiled model'],
  ])('is not seen in %j', async (names, message) => {
    expect(await fescue('migrate', await modelFolder(...names))).toMatchObject({ code: 1, stderr: expect.stringContaining(message) as string });
  });
});

describe('what cannot be migrated', () => {
  test.each([
    ['no syntax at all', '{"password": "hunter2', 'is not valid YAML or JSON: line 1'],
    ['a list', '[1, "hunter2"]', 'expected an object of keys'],
    ['text', 'hunter2', 'expected an object of keys'],
    ['nothing', '', 'expected an object of keys'],
    ['keys of something else', { password: 'hunter2' }, 'has no key of the original agent'],
    ['a recipe of something else', 'ComponentName: com.example.A\nPassword: hunter2', 'there is nothing to migrate'],
    ['a deployment of something else', { components: { 'com.example.A': { token: 'hunter2' } } }, 'there is nothing to migrate'],
    ['a merge that is no JSON', { components: { [original]: { configurationUpdate: { merge: 'hunter2' } } } }, 'is text that is not valid JSON'],
    ['a merge that is a list', { [original]: { MERGE: ['hunter2'] } }, 'expected an object of keys as the configuration'],
    ['keys twice', '{"DeviceFleetName": "a", "DeviceFleetName": "hunter2"}', 'duplicate key'],
  ])('%s is refused in one message without its content', async (_, content, message) => {
    const { code, stdout, stderr } = await migrate(content);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/hunter2|\n\s+at /);
  });

  test('a file that is not there, an archive that is none, and bad usage', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'bad.tar.gz'), 'no archive');
    expect(await fescue('migrate', join(folder, 'missing.json'))).toMatchObject({ code: 1, stderr: expect.stringContaining('there is nothing at that path') as string });
    expect(await fescue('migrate', join(folder, 'bad.tar.gz'))).toMatchObject({ code: 1, stderr: expect.stringContaining('bad.tar.gz cannot be read as an archive') as string });
    expect(await fescue('migrate')).toMatchObject({ code: 2 });
    expect(await fescue('migrate', 'x', '--to', 'xml')).toMatchObject({ code: 2 });
  });
});
