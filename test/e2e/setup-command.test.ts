import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { fescueIn, type CommandResult } from '../helpers/run-command.ts';
import { withoutCredentials } from '../helpers/s3-server.ts';

/** Whatever credentials the machine has are none of these tests' business. */
async function setup(...args: string[]): Promise<CommandResult> {
  return fescueIn({ ...withoutCredentials, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_ENDPOINT_URL: await nowhere() }, 'setup', ...args);
}

/** A server that answers no call, and has none. */
async function nowhere(): Promise<string> {
  const server = createServer((_request, response) => {
    response.statusCode = 500;
    response.end('this test asks nothing of AWS');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  [[], "required option '--fleet <name>' not specified"],
  [['--fleet', 'lobby', '--dry-run', '--apply'], "option '--dry-run' cannot be used with option '--apply'"],
  [['--fleet', 'lobby', '--template', '--apply'], 'change nothing: --apply does not go with them'],
  [['--fleet', 'lobby', '--template', '--operator-policy'], 'do not go together'],
  [['--fleet', 'lobby', '--installer'], '--installer needs a device: --thing <name>'],
  [['--fleet', 'lobby', '--thing', 'cam-1', '--installer', '--destroy'], '--destroy goes with --apply and --json only'],
  [['--fleet', 'lobby', '--thing', 'cam-1', '--installer', '--json'], '--json does not go with it'],
  [['--fleet', 'lobby', '--format', 'json'], '--format goes with --template'],
  [['--fleet', 'lobby', '--prefix', 'a/*'], 'letters, digits and'],
  [['--fleet', 'lobby', '--artifacts', 'Bucket'], 'Expected a bucket, or bucket/prefix'],
])('%j is bad usage', async (args, said) => {
  const { code, stderr } = await setup(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
});

test('names that cannot be used are refused before AWS is asked, all of them', async () => {
  const { code, stdout, stderr } = await setup('--fleet', 'lobby', '--thing', 'Camera_1', '--thing', 'cam:2', '--role', 'Fescue');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^fescue: Thing name "Camera_1" cannot be used: .*"camera-1" would do\.\nThing name "cam:2" .*\nRole name "Fescue" .*\n$/);
});

test('without credentials it says how to get some', async () => {
  const { code, stderr } = await setup('--fleet', 'lobby');
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^fescue: sts:GetCallerIdentity.*: no AWS credentials were found\. Sign in/)]);
});

test('template, operator policy and installer need no credentials', async () => {
  const template = await setup('--fleet', 'lobby', '--thing', 'cam-1', '--template');
  expect(Object.keys((parse(template.stdout) as { Resources: object }).Resources)).toEqual(['DeviceRole', 'RoleAlias', 'CaptureBucket', 'CaptureBucketPolicy', 'Fleet', 'ThingcamD1']);
  const policy = await setup('--fleet', 'lobby', '--operator-policy');
  expect(JSON.parse(policy.stdout)).toMatchObject({ Version: '2012-10-17' });
  const installer = await setup('--fleet', 'lobby', '--thing', 'cam-1', '--installer');
  expect(installer.stdout).toContain(' --thing-name cam-1 --thing-group-name lobby ');
  expect(installer.stderr).toContain('Whether thing cam-1 is there already was not found out');
  expect([template.code, policy.code, installer.code]).toEqual([0, 0, 0]);
});
