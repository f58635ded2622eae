import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { makeIdentity } from '../../../scripts/packaging/certificates.ts';
import { json, restError, useRecordedAws } from '../../helpers/recorded-aws.ts';
import { useEnvironment } from '../../helpers/use-environment.ts';

test('reads, updates and deletes a named shadow', async () => {
  const document = '{"state":{"reported":{"a":"ü"}},"version":3}';
  const { cloud, requests } = await useRecordedAws(() => ({ headers: { 'content-type': 'application/json' }, body: document }));
  expect(await cloud.shadows.get('camera-1', 'fescue')).toBe(document);
  await cloud.shadows.update('camera-1', 'fescue', document);
  await cloud.shadows.delete('camera-1', 'fescue');
  expect(requests.map(({ method, path, query, service }) => [service, method, path, query.get('name')])).toEqual(['GET', 'POST', 'DELETE'].map((method) => ['iotdata', method, '/things/camera-1/shadow', 'fescue']));
  expect(requests[1]?.body.toString()).toBe(document);
});

test.each([
  [409, 'ConflictException', 'conflict', 'Version conflict'],
  [413, 'RequestEntityTooLargeException', 'limit-exceeded', 'it is too large'],
  [400, 'InvalidRequestException', 'refused', 'AWS answers 400 InvalidRequest'],
])('%i %s of an update is %s', async (status, type, fault, said) => {
  const { cloud } = await useRecordedAws(() => restError(status, type, 'Version conflict'));
  await expect(cloud.shadows.update('camera-1', 'fescue', '{}')).rejects.toMatchObject({ fault, action: 'iot:UpdateThingShadow', message: expect.stringContaining(said) as string });
});

test("goes to the account's own address of device data, and trusts no certificate of others there", async () => {
  const { keyPem, certificatePem } = await makeIdentity({ commonName: 'data', notBefore: new Date(Date.now() - 1_000), notAfter: new Date(Date.now() + 60_000), algorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } });
  const server = createServer({ key: keyPem, cert: certificatePem }).listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { cloud, endpoint, requests } = await useRecordedAws(({ path }) => (path === '/endpoint' ? json({ endpointAddress: `localhost:${(server.address() as AddressInfo).port}` }) : undefined));
  useEnvironment({ AWS_ENDPOINT_URL: undefined, AWS_ENDPOINT_URL_IOT: endpoint });
  await expect(cloud.shadows.get('camera-1', 'fescue')).rejects.toMatchObject({ fault: 'unreachable', message: expect.stringMatching(/certificate of the server is not trusted \([A-Z_]+\)\. Set NODE_EXTRA_CA_CERTS/) as string });
  expect(requests.map(({ path, query }) => [path, query.get('endpointType')])).toEqual([['/endpoint', 'iot:Data-ATS']]);
});
