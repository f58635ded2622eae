import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { hasStatus, useSpoolingAgent, type SpoolingAgent } from '../helpers/use-spooling-agent.ts';

const families = {
  fescue_capture_spool_captures: 'gauge',
  fescue_capture_spool_bytes: 'gauge',
  fescue_capture_oldest_age_seconds: 'gauge',
  fescue_capture_accepted_total: 'counter',
  fescue_capture_delivered_total: 'counter',
  fescue_capture_uploaded_total: 'counter',
  fescue_capture_dropped_total: 'counter',
  fescue_capture_quarantined_total: 'counter',
  fescue_capture_objects_total: 'counter',
  fescue_capture_sent_bytes_total: 'counter',
  fescue_capture_failures_total: 'counter',
  fescue_capture_failing: 'gauge',
};

/** Waits until the page tells these values, each a number or what it has to be. */
async function expectFigures(agent: SpoolingAgent, figures: Record<string, number | ((value: number) => boolean)>): Promise<void> {
  const told = async (name: string): Promise<number | undefined> => (await agent.metrics()).value(`fescue_capture_${name}`);
  for (const [name, expected] of Object.entries(figures)) {
    const holds = (value: number | undefined): boolean => (typeof expected === 'number' ? value === expected : value !== undefined && expected(value));
    await eventually(async () => holds(await told(name)), `fescue_capture_${name}`);
  }
}

test('metrics of captures follow what waits and what is delivered, and are not there for an agent without a destination', async () => {
  const agent = await useSpoolingAgent({ args: ['--capture-data-batch-size', '4', '--capture-data-push-period-seconds', '3600'] });
  const without = await useSpoolingAgent({ args: ['--capture-data-destination', 'Cloud'] });
  expect((await without.metrics()).text).not.toContain('fescue_capture');
  for (const id of ['a', 'b', 'c']) await agent.capture(id, { bytes: 5_000 });
  await expect(agent.capture('a')).rejects.toMatchObject({ kind: 'already-exists' });
  await expectFigures(agent, { accepted_total: 3, spool_captures: 3, spool_bytes: (bytes) => bytes > 15_000 && bytes < 20_000, delivered_total: 0 });
  const age = (await agent.metrics()).value('fescue_capture_oldest_age_seconds') ?? -1;
  expect(age).toBeGreaterThanOrEqual(0);
  await expectFigures(agent, { oldest_age_seconds: (later) => later > age });
  const { types } = await agent.metrics();
  expect(Object.fromEntries([...types].filter(([name]) => name.startsWith('fescue_capture_')))).toEqual(families);

  await agent.capture('d', { bytes: 5_000 });
  // A line for four captures, and an object for the tensor of each.
  await expectFigures(agent, { delivered_total: 4, objects_total: 5, sent_bytes_total: (bytes) => bytes > 20_000, spool_captures: 0, spool_bytes: 0, oldest_age_seconds: 0, accepted_total: 4 });
  await expectFigures(agent, { uploaded_total: 0, quarantined_total: 0, failing: 0, 'dropped_total{reason="overflow"}': 0, 'dropped_total{reason="damaged"}': 0, 'dropped_total{reason="rejected"}': 0 });
});

test('metrics tell that captures cannot be delivered, and that they can again', async () => {
  const target = await temporaryFolder();
  await writeFile(join(target, 'sme-capture'), 'in the way of a folder');
  const agent = await useSpoolingAgent({ args: ['--capture-data-disk-path', target] });
  await agent.capture('a');
  await expectFigures(agent, { failing: 1, 'failures_total{fault="refused"}': (count) => count > 0, 'failures_total{fault="unreachable"}': 0, delivered_total: 0, spool_captures: 1 });
  await rm(join(target, 'sme-capture'));
  await hasStatus(agent, 'a', 'SUCCESS');
  await expectFigures(agent, { failing: 0, delivered_total: 1, spool_captures: 0 });
});
