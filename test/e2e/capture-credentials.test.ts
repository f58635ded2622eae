import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../components/agent/capture/clock.ts';
import { ObjectSender } from '../../components/agent/capture/object-sender.ts';
import { openS3Destination } from '../../components/agent/capture/s3-destination.ts';
import { CredentialKeeper } from '../../components/common/credentials.ts';
import { useS3 } from '../helpers/s3-server.ts';
import { secretMark, useTokenEndpoint } from '../helpers/token-endpoint.ts';
import { eventually } from '../helpers/use-agent.ts';
import { expectCaptures, toBucket, useCapturingAgent } from '../helpers/use-capturing-agent.ts';
import { useLogger } from '../helpers/use-logger.ts';

test('captures are taken while the token exchange service has not answered yet, and go when it has', async () => {
  const [s3, tokens] = [await useS3(), await useTokenEndpoint()];
  const asked: ServerResponse[] = [];
  tokens.answer = (response) => void asked.push(response);
  const agent = await useCapturingAgent({ tokens, args: toBucket(s3) });
  await agent.capture('early');
  await eventually(() => asked.length > 0, 'a request for credentials');
  expect(await agent.statuses(['early'])).toEqual(['IN_PROGRESS']);
  expect(s3.requests).toEqual([]);
  for (const response of asked) tokens.give(response, 3_600_000);
  await agent.ended(['early']);
  expectCaptures(s3.objects, ['early']);
  expect([...s3.accessKeyIds]).toEqual(['AKIATEST0']);
  expect(agent.output()).not.toContain(secretMark);
});

test('credentials are replaced before they end, also while an upload takes longer than they live', async () => {
  const [s3, tokens] = [await useS3(), await useTokenEndpoint()];
  tokens.answer = (response) => tokens.give(response, 3_000);
  const late: string[] = [];
  let slow = true;
  s3.fault = ({ accessKeyId = '' }) => {
    if ((tokens.ends.get(accessKeyId) ?? 0) < Date.now()) late.push(accessKeyId);
    if (!slow) return undefined;
    slow = false;
    return { delayMs: 3_500 };
  };
  const agent = await useCapturingAgent({ tokens, args: [...toBucket(s3), '--upload-parallel', '1'] });
  const ids: string[] = [];
  while (s3.accessKeyIds.size < 2) {
    ids.push(`capture-${ids.length}`);
    await agent.capture(ids.at(-1) ?? '');
    await new Promise((done) => setTimeout(done, 100));
  }
  await agent.ended(ids);
  expectCaptures(s3.objects, ids);
  expect(late).toEqual([]);
  expect(agent.output()).not.toContain(secretMark);
});

test.each<[string, (response: ServerResponse) => void]>([
  ['does not answer', (response) => void response.destroy()],
  ['answers 500', (response) => void response.writeHead(500).end(secretMark)],
  ['answers null, as nucleus lite does', (response) => void response.end('null')],
  ['answers with credentials that have ended', (response) => void response.end(JSON.stringify({ AccessKeyId: 'AKIAOLD', SecretAccessKey: secretMark, Token: secretMark, Expiration: '2020-01-01T00:00:00Z' }))],
])('while the token exchange service %s, nothing is sent, and everything after that', async (_, answer) => {
  const [s3, tokens] = [await useS3(), await useTokenEndpoint()];
  tokens.answer = answer;
  const { log, lines } = useLogger();
  const keeper = new CredentialKeeper({ environment: tokens.environment, log, retryMs: 50 });
  await keeper.start();
  const destination = openS3Destination({ bucket: 'sagemaker-captures', region: 'eu-west-1', endpoint: s3.endpoint, credentials: () => keeper.current(), idleTimeoutMs: 10_000, bytesPerSecond: Infinity });
  onTestFinished(() => {
    keeper.stop();
    destination.close();
  });
  const sender = new ObjectSender({ destination, clock: systemClock, log, random: () => 0 });
  const sending = sender.send({ key: 'a/b', body: Buffer.from('content'), contentType: 'text/plain' }, new AbortController().signal);
  await eventually(() => sender.figures.failures.unreachable >= 2, 'a second try');
  expect(s3.requests).toEqual([]);
  expect(lines.filter(({ msg }) => String(msg).startsWith('captures cannot be delivered now'))).toMatchObject([{ fault: 'unreachable', reason: expect.stringMatching(/no valid AWS credentials.*TokenExchangeService/) as string }]);
  tokens.answer = (response) => tokens.give(response, 3_600_000);
  expect(await sending).toBe(true);
  expect([...s3.accessKeyIds]).toEqual(['AKIATEST0']);
  expect(JSON.stringify(lines)).not.toContain(secretMark);
});
