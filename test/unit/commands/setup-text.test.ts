import { expect, test } from 'vitest';
import { planJson, planText } from '../../../scripts/commands/setup-text.ts';
import { memoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, planned, wishOf } from '../../helpers/setup-fleet.ts';

test('a plan has a line for each step, the lines of documents below, and a sum', async () => {
  const cloud = memoryCloud();
  await applied(cloud);
  const text = planText(await planned(cloud, wishOf({ variant: 'as-documented' })));
  expect(text.split('\n').slice(0, 3)).toEqual(['Fleet lobby, account 123456789012, region eu-west-1', '', '  keep    role               SageMakerFescue-lobby                   arn:aws:iam::123456789012:role/SageMakerFescue-lobby']);
  expect(text).toContain('\n          -       "Sid": "FescueCredentials",\n                  "Effect": "Allow",\n');
  expect(text).toContain('\n          +         "Service": "sagemaker.amazonaws.com"\n');
  expect(text.endsWith('\n\n1 to create, 3 to change, 10 as they should be.\n')).toBe(true);
});

test('nothing to take away is said', async () => {
  expect(planText(await planned(memoryCloud(), wishOf(), 'destroy'))).toBe('Fleet lobby, account 123456789012, region eu-west-1\n\nNothing that setup made for this fleet is there.\n\nNothing to do.\n');
});

test('what others wrote into AWS moves no cursor', async () => {
  const cloud = memoryCloud();
  await applied(cloud);
  cloud.account.roles.get('SageMakerFescue-lobby')?.inline.set('fescue-lobby', JSON.stringify({ Statement: [{ Sid: '\u001b[2J', Effect: 'Allow', Action: 's3:*', Resource: '*' }] }));
  const text = planText(await planned(cloud));
  expect(text).not.toContain('\u001b');
  expect(text).toContain('\\u001b[2J');
});

test('JSON has names, steps and their diffs, and no calls', async () => {
  const plan = await planned(memoryCloud());
  const parsed = JSON.parse(planJson(plan, { applied: false, there: undefined })) as { steps: { diff?: string[] }[] };
  expect(parsed).toMatchObject({ fleet: 'lobby', account: '123456789012', region: 'eu-west-1', policies: 'least-privilege', mode: 'make', applied: false, names: { role: 'SageMakerFescue-lobby', group: 'lobby' } });
  expect(parsed.steps[0]).toMatchObject({ change: 'create', resource: 'role', name: 'SageMakerFescue-lobby' });
  expect(parsed.steps[0]?.diff?.[0]).toBe('+ {');
  expect(JSON.stringify(parsed)).not.toContain('"call"');
});
