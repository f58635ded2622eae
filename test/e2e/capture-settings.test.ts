import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { agentMain, useAgent } from '../helpers/use-agent.ts';

type Ended = { status: number | null; stdout: string; stderr: string };

/** Starts the agent with a configuration file, in an environment without a region, and waits for its end. */
async function startedWith(settings: object): Promise<Ended> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'agent.json'), JSON.stringify(settings));
  return spawnSync(process.execPath, [agentMain, '-a', join(folder, 'a.sock'), '-c', join(folder, 'agent.json')], { encoding: 'utf8', timeout: 20_000, env: { PATH: process.env['PATH'] } });
}

test('values that do not go together are named all at once', async () => {
  const { status, stdout, stderr } = await startedWith({ CaptureDataBatchSize: 30, CaptureDataBufferSize: 30, BucketName: 'my-captures', CaptureDataDestination: 'Cloud' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('CaptureDataBatchSize: expected less than CaptureDataBufferSize (30), got 30');
  expect(stderr).toContain('BucketName: expected a name that contains "sagemaker", got "my-captures"; use another bucket, or set BucketNameRule to any');
  expect(stderr).toContain('AwsRegion: a bucket needs its region; expected it here or in AWS_REGION, where Greengrass puts it, got none');
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('values that cannot be are named all at once', async () => {
  const { status, stderr } = await startedWith({ DeviceFleetName: '../other', FolderPrefix: 'a/../b', DeviceName: 'a/b', BucketName: 'UPPER', AwsRegion: 'eu west', S3Endpoint: 'ftp://x', CaptureOverflow: 'explode', CaptureDataBase64EmbedLimit: 5_000, CaptureDataPushPeriodSeconds: 0, CaptureSpoolMaxMegabytes: 'many' });
  expect(status).toBe(1);
  for (const name of ['DeviceFleetName', 'FolderPrefix', 'DeviceName', 'BucketName', 'AwsRegion', 'S3Endpoint', 'CaptureOverflow', 'CaptureDataBase64EmbedLimit', 'CaptureDataPushPeriodSeconds', 'CaptureSpoolMaxMegabytes']) {
    expect(stderr).toMatch(new RegExp(`${name}: expected .*, got `));
  }
});

const prefixes = ['..', '.', 'a/..', '../a', '/a', 'a/', 'a//b', 'a\\b', 'a b', 'a\nb'];

test.each(prefixes)('the prefix %j is refused', async (prefix) => {
  const { status, stderr } = await startedWith({ FolderPrefix: prefix });
  expect([status, stderr]).toEqual([1, expect.stringContaining('FolderPrefix: expected names of letters') as string]);
});

test.each(['..', 'a/b', '-a', 'a.b', 'x'.repeat(256)])('the fleet %j is refused', async (fleet) => {
  const { status, stderr } = await startedWith({ DeviceFleetName: fleet });
  expect([status, stderr]).toEqual([1, expect.stringContaining('DeviceFleetName: expected at most 255 letters') as string]);
});

test('uploads from the disk need a bucket', async () => {
  const { status, stderr } = await startedWith({ CaptureDataDestination: 'Disk', CaptureDataPeriodicUpload: true });
  expect([status, stderr]).toEqual([1, expect.stringContaining('CaptureDataPeriodicUpload: true needs a bucket; expected BucketName, got none') as string]);
});

test.each([
  { BucketName: 'my-captures', BucketNameRule: 'any', AwsRegion: 'eu-central-1' },
  { BucketName: 'my-sagemaker-captures', S3Endpoint: 'http://127.0.0.1:1' },
  { BucketName: 'my-sagemaker-captures', CaptureDataDestination: 'Disk' },
])('an agent starts with %j', async (settings) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'agent.json'), JSON.stringify(settings));
  const { client } = await useAgent({ folder, args: ['-c', join(folder, 'agent.json')] });
  expect(await client.listModels()).toEqual([]);
});
