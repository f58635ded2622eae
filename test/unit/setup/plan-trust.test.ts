import { expect, test } from 'vitest';
import { planTrust } from '../../../scripts/setup/plan-trust.ts';
import { trustPolicy } from '../../../scripts/setup/documents.ts';
import type { Statement } from '../../../scripts/setup/written-policy.ts';

const device: Statement = { Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
const sageMaker: Statement = { Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' };
const lambda: Statement = { Sid: 'Other', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
const onlyHere = { StringEquals: { 'aws:SourceAccount': '123456789012' } };
const own = { Sid: 'FescueCredentials' };
const ownSageMaker = { Sid: 'FescueSageMaker' };

type Row = readonly [name: string, there: readonly Statement[], options: { variant: 'least-privilege' | 'as-documented'; isOwn: boolean }, change: string, after: readonly Statement[] | undefined];
const least = { variant: 'least-privilege', isOwn: true } as const;
const documented = { variant: 'as-documented', isOwn: true } as const;
const foreign = { variant: 'least-privilege', isOwn: false } as const;
const foreignDocumented = { variant: 'as-documented', isOwn: false } as const;

const rows: readonly Row[] = [
  ['own, as setup made it', [{ ...device, ...own }], least, 'keep', undefined],
  ['own, without its Sid', [device], least, 'keep', undefined],
  ['own, as documented before', [device, sageMaker], least, 'change', [{ ...own, ...device }]],
  ['own, to be as documented', [{ ...own, ...device }], documented, 'change', [device, sageMaker]],
  ['own, as documented', [device, sageMaker], documented, 'keep', undefined],
  ['own, in one statement', [{ ...device, Principal: { Service: ['credentials.iot.amazonaws.com', 'sagemaker.amazonaws.com'] } }], documented, 'keep', undefined],
  ['own, with a condition of somebody', [{ ...own, ...device, Condition: onlyHere }], least, 'leave', undefined],
  ['own, and open to others', [lambda, { ...own, ...device }], least, 'keep', undefined],
  ['own, emptied of ours', [lambda], least, 'change', [lambda, { ...own, ...device }]],
  ['own, of which a part has a condition', [{ ...device, Condition: onlyHere }], documented, 'change', [{ ...device, Condition: onlyHere }, sageMaker]],
  ['foreign, without it', [lambda], foreign, 'change', [lambda, { ...own, ...device }]],
  ['foreign, with it', [lambda, device], foreign, 'keep', undefined],
  ['foreign, open to all', [{ ...device, Principal: '*' }], foreign, 'keep', undefined],
  ['foreign, as documented before: theirs stays', [device, sageMaker], foreign, 'keep', undefined],
  ['foreign, as documented before: ours goes', [device, { ...ownSageMaker, ...sageMaker }], foreign, 'change', [device]],
  ['foreign, missing one of two', [device], foreignDocumented, 'change', [device, { ...ownSageMaker, ...sageMaker }]],
  ['with a Deny', [{ ...own, ...device }, { ...device, Effect: 'Deny' }], least, 'conflict', undefined],
  ['with a Deny under a condition', [device, { ...device, Effect: 'Deny', Condition: onlyHere }], foreign, 'leave', undefined],
];

test.each(rows)('%s', (_name, there, options, change, after) => {
  const step = planTrust({ name: 'SageMakerA', trust: JSON.stringify({ Version: '2012-10-17', Statement: there }) }, options);
  const action = step.actions[0];
  expect(step.change).toBe(change);
  expect(action?.call === 'set trust' ? (JSON.parse(action.trust) as { Statement: unknown }).Statement : undefined).toEqual(after);
});

test('the documented trust policy is that of the prerequisites to the letter', () => {
  expect(trustPolicy('as-documented')).toEqual({ Version: '2012-10-17', Statement: [device, sageMaker] });
});

test('a Deny is told with what to do', () => {
  const { why } = planTrust({ name: 'SageMakerA', trust: JSON.stringify({ Version: '2012-10-17', Statement: [device, { ...device, Sid: 'Never', Effect: 'Deny' }] }) }, foreign);
  expect(why).toBe('credentials.iot.amazonaws.com is denied by statement Never of the trust policy. Take that statement out, or name another role with --role.');
});
