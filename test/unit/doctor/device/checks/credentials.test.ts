import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { madeUpKeyPrefix } from '../../../../../scripts/local-nucleus/credential-source.ts';
import { CloudError } from '../../../../../scripts/cloud/cloud-error.ts';
import { openDevice } from '../../../../../scripts/doctor/device/open-device.ts';
import type { DeviceView } from '../../../../../scripts/doctor/device/device-view.ts';
import { effectiveConfig, layDown, runDeviceCheck, systemIn } from '../../../../helpers/doctor-device.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

const secret = 'SECRETSECRET';
const later = new Date(Date.now() + 3_600_000).toISOString();
const credentials = { AccessKeyId: 'ASIAX', SecretAccessKey: secret, Token: secret, Expiration: later };
const arn = 'arn:aws:sts::123456789012:assumed-role/SageMakerCameras/camera-4';
const identify = async (): Promise<{ account: string; arn: string }> => ({ account: '123456789012', arn });

/** A token exchange service that answers whoever has the token of the command line. */
async function exchangeWith(status: number, body: unknown): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(request.headers.authorization === 'TOKEN' ? status : 403).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function classicWith(port: number | undefined, token: string | undefined): Promise<DeviceView> {
  const root = await temporaryFolder();
  await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig({ ...(port !== undefined && { tokenExchangePort: port }) }) });
  if (token !== undefined) await layDown(root, { [`cli_ipc_info/user-${process.geteuid?.()}`]: JSON.stringify({ cli_auth_token: token, domain_socket_path: '/x' }) });
  return openDevice(systemIn('/none'), { root });
}

test('the service is asked as the command line is known to it, and STS whose the credentials are', async () => {
  const device = await classicWith(await exchangeWith(200, credentials), 'TOKEN');
  expect(await runDeviceCheck('credentials', device, { identify, subject: { role: 'SageMakerCameras' } })).toMatchObject({ status: 'ok', found: `${arn}, until ${later}` });
  expect(await runDeviceCheck('credentials', device, { identify, subject: { role: 'SageMakerOther' } })).toMatchObject({ status: 'fail', found: expect.stringContaining('expected the role SageMakerOther') as string });
});

test('a component asks with what it was given', async () => {
  const device = await classicWith(undefined, undefined);
  const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://localhost:${await exchangeWith(200, credentials)}/2016-11-01/credentialprovider/`, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'TOKEN' };
  expect((await runDeviceCheck('credentials', { ...device, system: systemIn('/none', {}, environment) }, { identify })).status).toBe('ok');
});

test.each([
  ['bad-credentials', 'fail', /which AWS refuses: sts:GetCallerIdentity: AWS does not know them$/],
  ['unreachable', 'warning', /whose they are could not be asked: sts:GetCallerIdentity: AWS does not know them$/],
] as const)('that STS answers %s is %s', async (fault, status, found) => {
  const device = await classicWith(await exchangeWith(200, credentials), 'TOKEN');
  const refusing = async (): Promise<never> => Promise.reject(new CloudError(fault, 'sts:GetCallerIdentity', 'sts:GetCallerIdentity: AWS does not know them. Sign in again.'));
  expect(await runDeviceCheck('credentials', device, { identify: refusing })).toMatchObject({ status, found: expect.stringMatching(found) as string });
});

test('made-up credentials are not shown to AWS', async () => {
  const device = await classicWith(await exchangeWith(200, { ...credentials, AccessKeyId: `${madeUpKeyPrefix}1` }), 'TOKEN');
  expect(await runDeviceCheck('credentials', device)).toMatchObject({ status: 'ok', found: expect.stringContaining('made-up') as string });
});

test.each([
  [403, '', /status 403: it does not know the token/],
  [404, `TES responded with status code: 404. ${secret}`, /status 404: there is no such role alias/],
  [500, 'Failed to get connection', /status 500: it cannot reach AWS IoT/],
  [200, 'null', /answered without credentials/],
  [200, `{"AccessKeyId": "${secret}`, /answered without credentials/],
  [200, { ...credentials, Expiration: '2020-01-01T00:00:00Z' }, /expired at 2020-01-01/],
])('an answer %i %j fails, without what it holds', async (status, body, found) => {
  const verdict = await runDeviceCheck('credentials', await classicWith(await exchangeWith(status, body), 'TOKEN'), { identify });
  expect(verdict).toMatchObject({ status: 'fail', found: expect.stringMatching(found) as string, remedy: expect.any(String) as string });
  expect(JSON.stringify(verdict)).not.toContain(secret);
});

test('a service that is gone fails', async () => {
  expect(await runDeviceCheck('credentials', await classicWith(64999, 'TOKEN'))).toMatchObject({ status: 'fail', found: expect.stringMatching(/does not answer: .*ECONNREFUSED/) as string });
});

test('who may not ask is told who may; a service that does not run fails', async () => {
  expect(await runDeviceCheck('credentials', await classicWith(4711, undefined))).toMatchObject({ status: 'n.a.', remedy: expect.stringContaining('aws.greengrass.Cli') as string });
  expect(await runDeviceCheck('credentials', await classicWith(undefined, 'TOKEN'))).toMatchObject({ status: 'fail', found: 'the token exchange service does not run' });
});
