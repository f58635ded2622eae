import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Cloud } from '../../../scripts/cloud/cloud.ts';
import { connectCloud, type ConnectOptions } from '../../../scripts/cloud/connect.ts';
import { queryAnswer, queryError, useRecordedAws, xml } from '../../helpers/recorded-aws.ts';
import { s3Environment, withoutCredentials } from '../../helpers/s3-server.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { useEnvironment } from '../../helpers/use-environment.ts';

const identity = queryAnswer('GetCallerIdentity', '<Arn>arn:aws:sts::123456789012:assumed-role/Operator/ada</Arn><UserId>AROAX:ada</UserId><Account>123456789012</Account>', 'sts');
const unsetCredentials = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined, AWS_PROFILE: undefined };

async function connect(options: ConnectOptions): Promise<Cloud> {
  const cloud = await connectCloud(options);
  onTestFinished(() => cloud.close());
  return cloud;
}

/** Files as the AWS command line has them. */
async function useProfiles(config: string): Promise<void> {
  const file = join(await temporaryFolder(), 'config');
  writeFileSync(file, config);
  useEnvironment({ ...withoutCredentials, ...unsetCredentials, AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, AWS_CONFIG_FILE: file });
}

test('tells whose credentials they are, at the regional address of STS', async () => {
  const { cloud, requests } = await useRecordedAws(() => identity);
  expect(await cloud.identity.caller()).toEqual({ account: '123456789012', arn: 'arn:aws:sts::123456789012:assumed-role/Operator/ada' });
  expect(requests[0]).toMatchObject({ service: 'sts', region: 'eu-west-1', action: 'GetCallerIdentity' });
});

test.each<[title: string, options: ConnectOptions, environment: Record<string, string | undefined>, region: string]>([
  ['named', { region: 'ap-south-1' }, { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-west-2' }, 'ap-south-1'],
  ['of AWS_REGION', {}, { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-west-2' }, 'eu-west-1'],
  ['of AWS_DEFAULT_REGION', {}, { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' }, 'us-west-2'],
  ['of the profile', {}, { AWS_PROFILE: 'factory' }, 'eu-central-1'],
  ['of the profile that is named', { profile: 'other' }, { AWS_PROFILE: 'factory' }, 'us-gov-west-1'],
])('the region is that %s', async (_, options, environment, region) => {
  await useProfiles('[profile factory]\nregion = eu-central-1\n[profile other]\nregion = us-gov-west-1\n');
  useEnvironment(environment);
  expect((await connect(options)).region).toBe(region);
});

test('without a region nothing begins', async () => {
  await useProfiles('');
  await expect(connectCloud()).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/^The AWS region is not known\. Name it with --region, set AWS_REGION/) as string });
  await expect(connectCloud({ profile: 'nowhere' })).rejects.toThrow(/^The AWS region is not known: the profile nowhere has none, or is not there\. Name it/);
});

test.each([
  [{ region: 'eu west' }, /^"eu west" is no AWS region: expected a name such as eu-west-1\.$/],
  [{ region: 'EU-WEST-1' }, /no AWS region/],
  [{ region: '' }, /no AWS region/],
  [{ region: 'eu-west-1', endpoint: 'localhost:5000' }, /^"localhost:5000" is no endpoint: expected a URL/],
])('%j is bad usage', async (options, message) => {
  await expect(connectCloud(options)).rejects.toMatchObject({ kind: 'invalid-argument', message: expect.stringMatching(message) as string });
});

test.each<[title: string, config: string, options: ConnectOptions, fault: string, message: RegExp]>([
  ['nobody', '', {}, 'no-credentials', /no AWS credentials were found\. Sign in again, as with aws sso login/],
  ['a profile that is not there', '[profile factory]\nregion = eu-west-1\n', { profile: 'nowhere' }, 'no-credentials', /no AWS credentials were found for the profile nowhere\. Use one of the profiles that aws configure list-profiles shows, .*--profile nowhere$/],
  ['a session of SSO that has ended', '[profile factory]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = Operator\n[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n', { profile: 'factory' }, 'expired-credentials', /the session of AWS IAM Identity Center \(SSO\) has ended\. Sign in again: aws sso login --profile factory$/],
  ['a program that fails', '[profile factory]\ncredential_process = sh -c "echo a-secret-that-nobody-may-see >&2; exit 1"\n', { profile: 'factory' }, 'no-credentials', /for the profile factory/],
])('credentials of %s', async (_, config, options, fault, message) => {
  await useProfiles(config);
  useEnvironment({ HOME: await temporaryFolder() });
  const cloud = await connect({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:9', ...options });
  const error: unknown = await cloud.identity.caller().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ fault, action: 'sts:GetCallerIdentity', message: expect.stringMatching(message) as string });
  expect(String(error)).not.toContain('a-secret');
});

test('a program that gives credentials is asked once for all services', async () => {
  const { endpoint, requests } = await useRecordedAws(({ service }) => (service === 'sts' ? identity : service === 'iam' ? queryError(404, 'NoSuchEntity') : undefined));
  const asked = join(await temporaryFolder(), 'asked');
  await useProfiles(`[profile factory]\ncredential_process = sh -c 'echo x >>${asked}; echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"AKIAPROGRAM\\",\\"SecretAccessKey\\":\\"x\\"}"'\n`);
  const cloud = await connect({ region: 'eu-west-1', endpoint, profile: 'factory', attempts: 1 });
  await cloud.identity.caller();
  await cloud.roles.get('x');
  await cloud.things.thing('x').catch(() => undefined);
  expect(requests.map(({ headers }) => headers.authorization?.includes('AKIAPROGRAM'))).toEqual([true, true, true]);
  expect(readFileSync(asked, 'utf8')).toBe('x\n');
});

test('loads no client before it is needed', () => {
  const program = `
    import { createRequire } from 'node:module';
    import { connectCloud } from './scripts/cloud/connect.ts';
    const loaded = () => [...new Set(Object.keys(createRequire(import.meta.url).cache).flatMap((path) => /client-[a-z0-9-]+/.exec(path)?.[0] ?? []))].toSorted();
    const cloud = await connectCloud({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:9', attempts: 1 });
    const before = loaded();
    await cloud.cores.get('x').catch(() => undefined);
    console.log(JSON.stringify([before, loaded()]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env: { ...process.env, ...s3Environment() } });
  expect(JSON.parse(output)).toEqual([[], ['client-greengrassv2', 'client-sts']]);
});

test.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])('%s leads S3 there, with the bucket in the path', async (variable) => {
  const { endpoint, requests } = await useRecordedAws(() => xml('<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'));
  useEnvironment({ AWS_ENDPOINT_URL: undefined, [variable]: endpoint.replace('127.0.0.1', 'localhost') });
  expect(await (await connect({})).buckets.isEmpty('sagemaker-x')).toBe(true);
  expect(requests[0]).toMatchObject({ path: '/sagemaker-x/', headers: { host: expect.stringMatching(/^localhost:/) as string } });
});

test.each([
  ['AWS_ENDPOINT_URL_IAM', (cloud: Cloud) => cloud.roles.delete('x')],
  ['AWS_ENDPOINT_URL_STS', (cloud: Cloud) => cloud.identity.caller()],
  ['AWS_ENDPOINT_URL_IOT', (cloud: Cloud) => cloud.things.deleteThing('x')],
  ['AWS_ENDPOINT_URL_IOT_DATA_PLANE', (cloud: Cloud) => cloud.shadows.delete('x', 'fescue')],
  ['AWS_ENDPOINT_URL_GREENGRASSV2', (cloud: Cloud) => cloud.cores.get('x')],
])('%s leads its service there', async (variable, call) => {
  const { endpoint, requests } = await useRecordedAws(() => ({ headers: { 'content-type': 'application/json' }, body: '{}' }));
  useEnvironment({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9', [variable]: endpoint });
  await call(await connect({ attempts: 1 })).catch(() => undefined);
  expect(requests).toHaveLength(1);
});

test.each([
  ['http://127.0.0.1:9', /AWS does not answer \(ECONNREFUSED\)\. Check the network, the proxy and the region\.$/],
  ['http://iam.nowhere.invalid', /there is no server iam\.nowhere\.invalid\. Check the network and its name servers, and whether the region eu-west-1 is spelt right/],
])('%s cannot be reached', async (endpoint, message) => {
  useEnvironment(s3Environment());
  const cloud = await connect({ endpoint, pauseMs: 1 });
  await expect(cloud.roles.get('x')).rejects.toMatchObject({ fault: 'unreachable', message: expect.stringMatching(message) as string });
});
