import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CredentialKeeper } from '../../components/common/credentials.ts';
import { type CredentialSource, environmentCredentials, fileCredentials, generatedCredentials } from '../../scripts/local-nucleus/credential-source.ts';
import { TokenExchange } from '../../scripts/local-nucleus/token-exchange.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';

const token = 'KNOWNTOKEN123456';

async function useTokenExchange(source: CredentialSource = generatedCredentials(60)): Promise<{ url: string; notes: string[] }> {
  const notes: string[] = [];
  const exchange = new TokenExchange({ source, isKnown: (candidate) => candidate === token, onNote: (text) => notes.push(text) });
  const url = await exchange.start();
  onTestFinished(async () => exchange.stop());
  return { url, notes };
}

/** A server on the loopback interface that answers as told. */
async function useEndpoint(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A keeper that asks `url`, and what it logs. */
function useKeeper(url: string | undefined, options: { startTimeoutMs?: number; attemptTimeoutMs?: number } = {}): { keeper: CredentialKeeper; logged: () => Record<string, unknown>[]; text: () => string } {
  const lines: string[] = [];
  const log = pino({ formatters: { level: (label) => ({ level: label }) } }, { write: (line: string) => void lines.push(line) });
  const environment = { ...(url === undefined ? {} : { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }), AWS_CONTAINER_AUTHORIZATION_TOKEN: token };
  const keeper = new CredentialKeeper({ environment, log, retryMs: 50, ...options });
  onTestFinished(() => keeper.stop());
  return { keeper, logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>), text: () => lines.join('') };
}

describe('the token exchange endpoint', () => {
  test('gives the four keys to who shows a token', async () => {
    const { url } = await useTokenExchange();
    const response = await fetch(url, { headers: { Authorization: token } });
    expect(response.status).toBe(200);
    const body = (await response.json()) as Record<string, string>;
    expect(Object.keys(body).toSorted()).toEqual(['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token']);
    expect(body.Expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test.each([
    ['a wrong token', { headers: { Authorization: 'Bearer x' } }, '', 403],
    ['no token', {}, '', 403],
    ['a POST', { method: 'POST', headers: { Authorization: token } }, '', 405],
    ['a longer path', { headers: { Authorization: token } }, 'more', 400],
    ['another path', { headers: { Authorization: token } }, '../other', 404],
  ])('answers %s with the status of the nucleus', async (_, request, path, status) => {
    const { url } = await useTokenExchange();
    const response = await fetch(new URL(path, url), request);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
  });

  test('answers 500 when there are no credentials, or only expired ones', async () => {
    const failing = await useTokenExchange(async () => {
      throw new Error('no network');
    });
    expect((await fetch(failing.url, { headers: { Authorization: token } })).status).toBe(500);
    expect(failing.notes).toEqual(['Token exchange: no network']);
    const expired = await useTokenExchange(async () => ({ AccessKeyId: 'a', SecretAccessKey: 'b', Token: 'c', Expiration: '2020-01-01T00:00:00Z' }));
    const response = await fetch(expired.url, { headers: { Authorization: token } });
    expect([response.status, await response.text()]).toEqual([500, 'TES responded with credentials that expired at 2020-01-01T00:00:00Z']);
  });

  test('takes credentials from the environment or a file, and names what is missing without showing what is there', async () => {
    const environment = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' };
    expect(await environmentCredentials(environment)()).toMatchObject({ AccessKeyId: 'id', SecretAccessKey: 'secret', Token: 'session' });
    expect(() => environmentCredentials({ AWS_ACCESS_KEY_ID: 'id' })).toThrow(/expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
    const file = join(await temporaryFolder(), 'credentials.json');
    await writeFile(file, JSON.stringify({ AccessKeyId: 'id', SecretAccessKey: 'secret', SessionToken: 'session', Expiration: '2099-01-01T00:00:00+00:00' }));
    expect(await fileCredentials(file)()).toEqual({ AccessKeyId: 'id', SecretAccessKey: 'secret', Token: 'session', Expiration: '2099-01-01T00:00:00+00:00' });
    await writeFile(file, 'TOPSECRET is no JSON');
    await expect(fileCredentials(file)()).rejects.toThrow(/it is no JSON/);
    await expect(fileCredentials(file)()).rejects.not.toThrow(/TOPSECRET/);
  });
});

describe('a component', () => {
  test('reports that it has credentials and until when, never the credentials', async () => {
    const expiration = '2099-01-01T00:00:00Z';
    const { url } = await useTokenExchange(async () => ({ AccessKeyId: 'KEYVALUE', SecretAccessKey: 'SECRETVALUE', Token: 'TOKENVALUE', Expiration: expiration }));
    const { keeper, logged, text } = useKeeper(url);
    await keeper.start();
    expect(logged()).toMatchObject([{ level: 'info', until: '2099-01-01T00:00:00.000Z', msg: 'got AWS credentials from the token exchange service' }]);
    expect(text()).not.toMatch(/VALUE/);
    expect(keeper.current()).toMatchObject({ accessKeyId: 'KEYVALUE', secretAccessKey: 'SECRETVALUE', sessionToken: 'TOKENVALUE' });
  });

  test('replaces them before they expire', async () => {
    const { url } = await useTokenExchange(generatedCredentials(3));
    const { keeper, logged } = useKeeper(url);
    await keeper.start();
    const first = keeper.current()?.accessKeyId;
    await eventually(() => {
      // There is no moment without credentials.
      expect(keeper.current()).toBeDefined();
      return keeper.current()?.accessKeyId !== first;
    }, 'new credentials');
    expect(logged()[1]).toMatchObject({ level: 'info', msg: 'refreshed the AWS credentials' });
  });

  test('goes on without a token exchange service, and says so', async () => {
    const { keeper, logged } = useKeeper(undefined);
    await keeper.start();
    expect(logged()).toMatchObject([{ level: 'info', msg: expect.stringMatching(/no token exchange service.*going on without/) as string }]);
    expect(keeper.current()).toBeUndefined();
  });

  const answers: [string, RequestListener, RegExp][] = [
    ['403', (_, response) => void response.writeHead(403).end(), /status: 403/],
    ['404', (_, response) => void response.writeHead(404).end('nothing here'), /status: 404/],
    ['500', (_, response) => void response.writeHead(500).end('Failed to get connection'), /status: 500/],
    ['garbage', (_, response) => void response.end('SECRETVALUE <html>'), /no credentials object/],
    ['null, as nucleus lite does', (_, response) => void response.end('null'), /no credentials object/],
    ['half of the keys', (_, response) => void response.end('{"AccessKeyId":"SECRETVALUE"}'), /not of the required format/],
    ['an expiration that is no date', (_, response) => void response.end('{"AccessKeyId":"SECRETVALUE","SecretAccessKey":"b","Token":"c","Expiration":"soon"}'), /./],
    ['expired credentials', (_, response) => void response.end('{"AccessKeyId":"SECRETVALUE","SecretAccessKey":"b","Token":"c","Expiration":"2020-01-01T00:00:00Z"}'), /expired at 2020/],
    ['a broken connection', (request) => void request.socket.destroy(), /./],
  ];
  test.each(answers)('goes on when the endpoint answers %s, keeps asking, and recovers', async (_, listener, reason) => {
    let healed = false;
    const good = JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 'b', Token: 'c', Expiration: '2099-01-01T00:00:00Z' });
    const url = await useEndpoint((request, response) => (healed ? void response.end(good) : listener(request, response)));
    const { keeper, logged, text } = useKeeper(url);
    await keeper.start();
    expect(logged()[0]).toMatchObject({ level: 'warn', reason: expect.stringMatching(reason) as string, msg: expect.stringMatching(/going on without AWS credentials and asking again/) as string });
    expect(text()).not.toMatch(/SECRETVALUE/);
    expect(keeper.current()).toBeUndefined();
    healed = true;
    await eventually(() => keeper.current() !== undefined, 'credentials');
  });

  test('does not wait for an endpoint that is late', async () => {
    const released = Promise.withResolvers<void>();
    const good = JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 'b', Token: 'c', Expiration: '2099-01-01T00:00:00Z' });
    const url = await useEndpoint((_, response) => void released.promise.then(() => response.end(good)));
    const { keeper, logged } = useKeeper(url, { startTimeoutMs: 50 });
    await keeper.start();
    expect(logged()).toMatchObject([{ level: 'warn', msg: expect.stringMatching(/has not answered yet; going on without/) as string }]);
    released.resolve();
    await eventually(() => keeper.current() !== undefined, 'credentials');
  });

  test('gives up an endpoint that never answers, and asks again', async () => {
    let requests = 0;
    const url = await useEndpoint(() => void (requests += 1));
    const { keeper, logged } = useKeeper(url, { startTimeoutMs: 50, attemptTimeoutMs: 100 });
    await keeper.start();
    await eventually(() => requests >= 2, 'a second request');
    expect(logged()[1]).toMatchObject({ level: 'warn', msg: expect.stringMatching(/gave no credentials/) as string, reason: 'no answer within 0.1 s' });
  });
});
