import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linesBelow } from '../helpers/captured-lines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { hasStatus, killed, useSpoolingAgent } from '../helpers/use-spooling-agent.ts';

const inMemory = ['--db-enable', 'false'];
const nowhere = ['--capture-data-disk-path', '/dev/null/capture'];

/** A token exchange service that gives everybody credentials. @returns its address */
async function useCredentials(): Promise<string> {
  const body = JSON.stringify({ AccessKeyId: 'AKIATEST', SecretAccessKey: 'secret', Token: 'token', Expiration: new Date(Date.now() + 3_600_000).toISOString() });
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('without DbEnable', () => {
  test('captures are delivered, and nothing is written beside them', async () => {
    const agent = await useSpoolingAgent({ args: inMemory });
    for (const id of ['a', 'b', 'c']) await agent.capture(id);
    for (const id of ['a', 'b', 'c']) await hasStatus(agent, id, 'SUCCESS');
    await expect(agent.capture('a')).rejects.toMatchObject({ kind: 'already-exists' });
    expect([await agent.ids(), existsSync(agent.spoolFolder)]).toEqual([['a', 'b', 'c'], false]);
  });

  test('CaptureDataBufferSize bounds what waits', async () => {
    const agent = await useSpoolingAgent({ args: [...inMemory, ...nowhere, '--capture-data-buffer-size', '5', '--capture-data-batch-size', '2'] });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await agent.capture(id);
    await expect(agent.capture('f')).rejects.toMatchObject({ kind: 'resource-exhausted', message: '5 captures wait for their delivery, and no more fit into the buffer (CaptureDataBufferSize). Send fewer, or keep them on the disk (DbEnable).' });
    await expect(agent.capture('a')).rejects.toMatchObject({ kind: 'already-exists' });
  });

  test('what waits is delivered when the agent stops', async () => {
    const agent = await useSpoolingAgent({ args: [...inMemory, '--capture-data-push-period-seconds', '3600', '--capture-data-batch-size', '20'] });
    for (const id of ['a', 'b', 'c']) await agent.capture(id);
    expect(await agent.ids()).toEqual([]);
    expect(await agent.stop()).toBe(0);
    expect((await linesBelow(`${agent.folder}/capture`)).map(({ eventMetadata }) => eventMetadata.eventId)).toEqual(['a', 'b', 'c']);
    expect(existsSync(agent.spoolFolder)).toBe(false);
  });

  test('what waits is lost with the capture process, and the next captures are taken', async () => {
    const agent = await useSpoolingAgent({ args: [...inMemory, '--capture-data-push-period-seconds', '3600', '--capture-data-batch-size', '2'] });
    await agent.capture('lost');
    const pid = agent.capturePid();
    await killed(pid);
    await eventually(() => agent.capturePid() !== pid, 'the next capture process');
    expect(await agent.client.captureStatus('lost')).toBe('NOT_FOUND');
    for (const id of ['a', 'b']) await agent.capture(id);
    await hasStatus(agent, 'b', 'SUCCESS');
  });

  test('captures are refused once the cloud cannot be reached', async () => {
    const configuration = join(await temporaryFolder(), 'agent.json');
    await writeFile(configuration, JSON.stringify({ BucketName: 'sagemaker-captures', S3Endpoint: 'http://127.0.0.1:1' }));
    const agent = await useSpoolingAgent({ args: [...inMemory, '-c', configuration, '--capture-data-destination', 'Cloud'], environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: await useCredentials() } });
    await agent.capture('first');
    await eventually(async () => ((await agent.metrics()).value('fescue_capture_failing') ?? 0) === 1, 'the first try to fail');
    await expect(agent.capture('second')).rejects.toMatchObject({ kind: 'failed-precondition', message: 'CaptureData: the cloud cannot be reached now, and captures are kept in memory only. Keep them on the disk (DbEnable), or send the capture again later.' });
    expect([await agent.client.captureStatus('first'), await agent.client.captureStatus('second')]).toEqual(['IN_PROGRESS', 'NOT_FOUND']);
    expect((await agent.metrics()).value('fescue_capture_failures_total{fault="unreachable"}')).toBeGreaterThan(0);
  });
});
