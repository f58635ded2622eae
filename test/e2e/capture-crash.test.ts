import { expect, onTestFinished, test } from 'vitest';
import { eventually, type RunningAgent } from '../helpers/use-agent.ts';
import { hasStatus, killed, useSpoolingAgent, type SpoolingAgent } from '../helpers/use-spooling-agent.ts';

/** Batches of ten, and no others. */
const tens = ['--capture-data-batch-size', '10', '--capture-data-buffer-size', '100', '--capture-data-push-period-seconds', '3600'];
const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Predicts until the test ends. @returns what went wrong with any prediction */
function keepPredicting({ client }: RunningAgent): () => unknown[] {
  const problems: unknown[] = [];
  let running = true;
  const predict = async (): Promise<void> => {
    while (running) {
      const [output] = await client.predict('m', [{ bytes: Uint8Array.of(1, 2, 3) }]).catch((error: unknown) => {
        if (running) problems.push(error);
        return [];
      });
      if (running && output?.bytes.length !== 3) problems.push(output);
    }
  };
  const done = predict();
  onTestFinished(async () => {
    running = false;
    await done;
  });
  return () => problems;
}

async function captureAll(agent: SpoolingAgent, ids: readonly string[]): Promise<void> {
  for (const id of ids) await agent.capture(id, { content: Buffer.from(id) });
}

const statuses = (agent: SpoolingAgent, ids: readonly string[]): Promise<string[]> => Promise.all(ids.map((id) => agent.client.captureStatus(id)));

test.each(['the agent', 'the capture process', 'both'])('what was accepted is there when %s is killed, with what became of it', async (who) => {
  const agent = await useSpoolingAgent({ args: tens });
  const [done, waiting, last] = [names('done', 10), names('waiting', 5), names('last', 5)];
  await captureAll(agent, done);
  for (const id of done) await hasStatus(agent, id, 'SUCCESS');
  await captureAll(agent, waiting);
  const pid = agent.capturePid();
  if (who !== 'the agent') await killed(pid);
  if (who !== 'the capture process') await agent.stop('SIGKILL');

  const next = who === 'the capture process' ? agent : await useSpoolingAgent({ args: tens, root: agent.root });
  await eventually(() => next.capturePid() !== pid, 'the next capture process to start by itself');
  expect(await statuses(next, [...done, ...waiting, ...last])).toEqual([...done.map(() => 'SUCCESS'), ...waiting.map(() => 'IN_PROGRESS'), ...last.map(() => 'NOT_FOUND')]);
  await expect(next.capture('done3')).rejects.toMatchObject({ kind: 'already-exists' });
  await expect(next.capture('waiting3')).rejects.toMatchObject({ kind: 'already-exists' });
  await captureAll(next, last);
  for (const id of [...waiting, ...last]) await hasStatus(next, id, 'SUCCESS');
  expect(await next.ids()).toEqual([...done, ...waiting, ...last].toSorted());
});

test('calls under way when the capture process dies are told to come again, and it is there by itself', async () => {
  const agent = await useSpoolingAgent();
  await agent.capture('before');
  const problems = keepPredicting(agent);
  const pid = agent.capturePid();
  process.kill(pid, 'SIGSTOP');
  const calls = [agent.client.captureStatus('before'), ...names('c', 5).map((id) => agent.capture(id))].map((call) => call.catch((error: unknown) => error));
  // They are on their way when calls after them were answered.
  for (let call = 0; call < 5; call += 1) await agent.client.listModels();
  await killed(pid);
  const [status, first, ...queued] = await Promise.all(calls);
  for (const outcome of [status, first]) {
    expect(outcome).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/^The capture process is gone: it was ended by SIGKILL\. It is started again\. Send the call again, a capture with the same capture_id: ALREADY_EXISTS then means that it is safe\.$/) as string });
  }
  // What was not handed over goes to the next process.
  expect(queued).toEqual([undefined, undefined, undefined, undefined]);
  await agent.capture('c0');
  for (const id of ['before', ...names('c', 5)]) await hasStatus(agent, id, 'SUCCESS');
  expect(await agent.ids()).toEqual(['before', ...names('c', 5)]);
  expect(agent.capturePid()).not.toBe(pid);
  expect(problems()).toEqual([]);
});

test('a capture process that dies again and again is started after pauses that grow, while predictions go on', async () => {
  const agent = await useSpoolingAgent();
  await agent.capture('before');
  const problems = keepPredicting(agent);
  let last = 0;
  for (let crash = 0; crash < 4; crash += 1) {
    await eventually(() => agent.capturePid() !== last, 'the capture process to start');
    last = agent.capturePid();
    await killed(last);
  }
  const pauses = (): number[] => [...agent.output().matchAll(/"pauseMs":(\d+)/g)].map(([, pause]) => Number(pause));
  await eventually(() => pauses().length === 4, 'the fourth crash to be noticed');
  expect(pauses()).toEqual([0, 1_000, 2_000, 4_000]);
  const refusal = await agent.capture('meanwhile').catch((error: unknown) => error);
  expect(refusal).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/^The capture process is gone: it was ended by SIGKILL\. It is started again after a pause; send the call again then\.$/) as string });
  await eventually(() => agent.capturePid() !== last, 'the capture process to start by itself');
  await agent.capture('after');
  await hasStatus(agent, 'after', 'SUCCESS');
  expect(problems()).toEqual([]);
});

test('a second agent with the same spool serves everything else, and takes captures when the first is gone', async () => {
  const first = await useSpoolingAgent({ args: tens });
  await first.capture('of the first');
  const second = await useSpoolingAgent({ args: ['--local-data-root-path', first.folder] });
  const problems = keepPredicting(second);
  const refused = { kind: 'failed-precondition', message: `The spool ${first.spoolFolder} is in use by another agent. Give each agent a LocalDataRootPath of its own.` };
  await expect(second.capture('a')).rejects.toMatchObject(refused);
  await expect(second.capture('a')).rejects.toMatchObject(refused);
  await first.capture('still the first');
  await first.stop();
  await eventually(() => second.capture('a').then(() => true, () => false), 'the second to take captures');
  for (const id of ['of the first', 'still the first', 'a']) await hasStatus(second, id, 'SUCCESS');
  expect(await second.ids()).toEqual(['a', 'of the first', 'still the first']);
  expect(problems()).toEqual([]);
});

test('an agent that waits for the spool of another one stops without waiting on', async () => {
  const first = await useSpoolingAgent();
  await first.capture('a');
  const second = await useSpoolingAgent({ args: ['--local-data-root-path', first.folder] });
  await eventually(() => second.workers().length === 2, 'the second to start its capture process');
  expect(await second.stop()).toBe(0);
  expect(second.output()).not.toContain('captures cannot be taken');
});
