import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentError } from '../../components/common/agent-client.ts';
import { capturedFiles } from '../helpers/captured-files.ts';
import { useS3, type S3Server } from '../helpers/s3-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useTokenEndpoint } from '../helpers/token-endpoint.ts';
import { eventually } from '../helpers/use-agent.ts';
import { expectCaptures, linesIn, toBucket, useCapturingAgent, type CapturingAgent } from '../helpers/use-capturing-agent.ts';

const ids = ['one', 'two', 'three'];

async function uploadingAgent(s3: S3Server, folder: string, periodSeconds = '0.1'): Promise<CapturingAgent> {
  return useCapturingAgent({ folder, tokens: await useTokenEndpoint(), args: [...toBucket(s3), '--capture-data-destination', 'Disk', '--capture-data-periodic-upload', 'true', '--capture-data-periodic-upload-period-seconds', periodSeconds] });
}

async function uploaded(folder: string): Promise<void> {
  await eventually(async () => (await capturedFiles(join(folder, 'capture'))).size === 0, 'the folder to be empty');
}

/** Captures, however often the capture process ends meanwhile. */
async function captureWithPatience(agent: CapturingAgent, id: string): Promise<void> {
  await eventually(async () => {
    try {
      await agent.capture(id);
      return true;
    } catch (error) {
      if (!(error instanceof AgentError) || !['unavailable', 'already-exists'].includes(error.kind)) throw error;
      return error.kind === 'already-exists';
    }
  }, `capture ${id} to be taken`);
}

function capturePid(agent: CapturingAgent): number {
  return Number(agent.logged('capture process started').at(-1)?.capturePid);
}

test('what is on the disk goes to the bucket under the same keys', async () => {
  const [s3, folder] = [await useS3(), await temporaryFolder()];
  let isOnline = false;
  s3.fault = () => (isOnline ? undefined : { status: 503, code: 'SlowDown' });
  const agent = await uploadingAgent(s3, folder);
  for (const id of ids) await agent.capture(id);
  await agent.ended(ids);
  await eventually(() => agent.logged('captures cannot be delivered now').length > 0, 'the reason');
  const files = await capturedFiles(join(folder, 'capture'));
  expectCaptures(files, ids);
  isOnline = true;
  await uploaded(folder);
  expect([...s3.objects.keys()].toSorted()).toEqual([...files.keys()].toSorted());
  expectCaptures(s3.objects, ids);
  for (const line of linesIn(s3.objects)) expect(line.deviceFleetInputs[0]?.['data-ref']).toMatch(/^s3:\/\/sagemaker-captures\/sme-capture\//);
  expect(agent.logged('captures cannot be delivered now')).toHaveLength(1);
});

test.each(['the capture process', 'the agent'])('when %s is killed between an upload and the removal, the upload is repeated under the same key', async (victim) => {
  const [s3, folder] = [await useS3(), await temporaryFolder()];
  const first = await uploadingAgent(s3, folder);
  s3.fault = ({ key }) => (key.endsWith('.jsonl') ? 'withheld' : undefined);
  await first.capture('one');
  await eventually(() => linesIn(s3.objects).length === 1, 'the line in the bucket');
  const before = [...s3.objects];
  expect((await capturedFiles(join(folder, 'capture'))).size).toBe(2);
  if (victim === 'the agent') await first.stop('SIGKILL');
  else process.kill(capturePid(first), 'SIGKILL');
  s3.fault = () => undefined;
  const second = victim === 'the agent' ? await uploadingAgent(s3, folder) : first;
  await uploaded(folder);
  expect([...s3.objects]).toEqual(before);
  expect(await second.statuses(['one'])).toEqual(['SUCCESS']);
});

test('nothing is lost and nothing is there twice, however often the capture process is killed', async () => {
  const [s3, folder] = [await useS3(), await temporaryFolder()];
  const agent = await uploadingAgent(s3, folder);
  const lots: string[] = [];
  for (let kill = 0; kill < 5; kill += 1) {
    for (let count = 0; count < 12; count += 1) {
      lots.push(`capture-${lots.length}`);
      await captureWithPatience(agent, lots.at(-1) ?? '');
    }
    const starts = agent.logged('capture process started').length;
    process.kill(capturePid(agent), 'SIGKILL');
    await eventually(() => agent.logged('capture process started').length > starts, 'another capture process');
  }
  await agent.ended(lots);
  await uploaded(folder);
  expectCaptures(s3.objects, lots);
});

test('a file that is none of ours stays in its place and is told once', async () => {
  const [s3, folder] = [await useS3(), await temporaryFolder()];
  const agent = await uploadingAgent(s3, folder);
  await agent.capture('one');
  await agent.ended(['one']);
  await writeFile(join(folder, 'capture/sme-capture/foreign.jsonl'), 'not ours\n');
  await agent.capture('two');
  await eventually(async () => (await capturedFiles(join(folder, 'capture'))).size === 1, 'all but that file to be uploaded');
  await eventually(() => agent.logged('captured data stays in its folder').length > 0, 'that to be told');
  await agent.capture('three');
  await eventually(() => linesIn(s3.objects).length === 3, 'the third capture');
  expect(agent.logged('captured data stays in its folder')).toHaveLength(1);
  expectCaptures(s3.objects, ids);
});
