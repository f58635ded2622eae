import { expect, test } from 'vitest';
import type { Wish } from '../../../scripts/setup/desired.ts';
import { cloudChecks } from '../../../scripts/doctor/all-checks.ts';
import { runChecks } from '../../../scripts/doctor/run-checks.ts';
import { certificateArn, provision } from '../../helpers/fleet-account.ts';
import { memoryCloud, type MemoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, usual, wishOf } from '../../helpers/setup-fleet.ts';

/** What doctor has to say against the account, once a device is connected. */
async function complaints(cloud: MemoryCloud): Promise<string[]> {
  cloud.account.things.get('cam-1')?.principals.add(certificateArn);
  provision(cloud.account, certificateArn);
  const components = [{ name: 'com.example.Camera', version: '1.0.0', state: 'RUNNING', isRoot: true }];
  cloud.account.cores.set('cam-1', { thing: 'cam-1', nucleusVersion: '2.15.0', status: 'HEALTHY', lastSeen: new Date(), components });
  const results = await runChecks(cloudChecks, { cloud, subject: { thing: 'cam-1', fleet: 'lobby' }, variant: undefined });
  return results.filter(({ verdict }) => verdict.status === 'fail' || verdict.status === 'warning').map(({ check, verdict }) => `${check.name}: ${verdict.found}`);
}

const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
const foreign = (cloud: MemoryCloud): unknown => cloud.account.roles.set(usual.role, { description: '', trust, tags: {}, attached: new Set(), inline: new Map() });

const cases: readonly [string, Partial<Wish>, (cloud: MemoryCloud) => unknown][] = [
  ['with what is needed', {}, () => undefined],
  ['as documented', { variant: 'as-documented' }, () => undefined],
  ['with what is needed, on a role of others', {}, foreign],
  ['as documented, on a role of others', { variant: 'as-documented' }, foreign],
];

test.each(cases)('doctor is content with what setup made: %s', async (_name, wish, prepare) => {
  const cloud = memoryCloud();
  prepare(cloud);
  await applied(cloud, wishOf(wish));
  expect(await complaints(cloud)).toEqual([]);
});
