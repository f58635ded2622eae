import { describe, expect, test } from 'vitest';
import type { CloudFault } from '../../../scripts/cloud/cloud-error.ts';
import type { Wish } from '../../../scripts/setup/desired.ts';
import { applySetup } from '../../../scripts/setup/run-setup.ts';
import { Crash, memoryCloud, newBucket, type MemoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, due, planned, snapshot, usual, wishOf } from '../../helpers/setup-fleet.ts';

const signal = new AbortController().signal;
const tell = (): void => undefined;

/** An account with nothing in it, and one where a role, an alias and a group of others have the names. */
const accounts: Readonly<Record<string, () => MemoryCloud>> = { empty: () => memoryCloud(), shared: sharedAccount };

function sharedAccount(): MemoryCloud {
  const cloud = memoryCloud();
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
  cloud.account.roles.set(usual.role, { description: 'theirs', trust, tags: { team: 'vision' }, attached: new Set(), inline: new Map() });
  cloud.account.groups.set('lobby', { description: 'theirs', tags: {}, members: new Set(['other']) });
  cloud.account.things.set('other', { attributes: {}, principals: new Set() });
  return cloud;
}

const variants: readonly Partial<Wish>[] = [{}, { variant: 'as-documented', fullAccess: true }];
const cases = Object.keys(accounts).flatMap((account) => variants.map((wish) => ({ account, wish: wishOf(wish), variant: wish.variant ?? 'least-privilege' })));

describe.each(cases)('in an account that is $account, $variant', ({ account, wish }) => {
  const open = (): MemoryCloud => (accounts[account] ?? memoryCloud)();

  test('after it, all is as it should be, and doing it again changes nothing', async () => {
    const cloud = open();
    await applied(cloud, wish);
    const [changes, before] = [cloud.gate.changes.length, snapshot(cloud.account)];
    const { steps } = await applied(cloud, wish);
    expect(due(steps)).toEqual([]);
    expect(cloud.gate.changes.length).toBe(changes);
    expect(snapshot(cloud.account)).toEqual(before);
  });

  test('taken away again, the account is as it was before', async () => {
    const cloud = open();
    const before = snapshot(cloud.account);
    await applied(cloud, wish);
    await applied(cloud, wish, 'destroy');
    expect(snapshot(cloud.account)).toEqual(before);
  });

  test('ended before or after any change and run again, it comes to the same', async () => {
    const whole = open();
    await applied(whole, wish);
    for (const when of ['before', 'after'] as const) {
      for (let nth = 1; nth <= whole.gate.changes.length; nth++) {
        const cloud = open();
        cloud.gate.crash(when, nth);
        await expect(applied(cloud, wish)).rejects.toThrow(Crash);
        cloud.gate.recover();
        await applied(cloud, wish);
        expect(snapshot(cloud.account), `${when} change ${nth}`).toEqual(snapshot(whole.account));
      }
    }
  });

  test('ended before or after any change while it is taken away, and run again, nothing of it is left', async () => {
    const count = open();
    const before = snapshot(count.account);
    await applied(count, wish);
    const made = count.gate.changes.length;
    await applied(count, wish, 'destroy');
    for (const when of ['before', 'after'] as const) {
      for (let nth = 1; nth <= count.gate.changes.length - made; nth++) {
        const cloud = open();
        await applied(cloud, wish);
        cloud.gate.crash(when, nth);
        await expect(applied(cloud, wish, 'destroy')).rejects.toThrow(Crash);
        cloud.gate.recover();
        await applied(cloud, wish, 'destroy');
        expect(snapshot(cloud.account), `${when} change ${nth}`).toEqual(before);
      }
    }
  });

  test('ended anywhere while it is made, what is there can be taken away', async () => {
    const whole = open();
    const before = snapshot(whole.account);
    await applied(whole, wish);
    for (let nth = 1; nth <= whole.gate.changes.length; nth++) {
      const cloud = open();
      cloud.gate.crash('after', nth);
      await expect(applied(cloud, wish)).rejects.toThrow(Crash);
      cloud.gate.recover();
      await applied(cloud, wish, 'destroy');
      expect(snapshot(cloud.account), `change ${nth}`).toEqual(before);
    }
  });
});

test('from one variant to the other, ended anywhere and run again, it comes to the same', async () => {
  const documented = wishOf({ variant: 'as-documented', fullAccess: true });
  for (const [from, to] of [[wishOf(), documented], [documented, wishOf()]] as const) {
    const whole = memoryCloud();
    await applied(whole, from);
    const made = whole.gate.changes.length;
    await applied(whole, to);
    for (let nth = 1; nth <= whole.gate.changes.length - made; nth++) {
      const cloud = memoryCloud();
      await applied(cloud, from);
      cloud.gate.crash('after', nth);
      await expect(applied(cloud, to)).rejects.toThrow(Crash);
      cloud.gate.recover();
      await applied(cloud, to);
      expect(snapshot(cloud.account), `change ${nth}`).toEqual(snapshot(whole.account));
    }
  }
});

test.each([
  ['access-denied', 'put inline', 'iam:PutRolePolicy', /^create inline policy fescue-lobby: iam:PutRolePolicy of role SageMakerFescue-lobby: access is denied\. Allow iam:PutRolePolicy to this identity, or use another one\.\nDone before it: create role SageMakerFescue-lobby\. The same command goes on from there\.$/],
  ['throttled', 'create role', 'iam:CreateRole', /^create role SageMakerFescue-lobby: .*too many requests.*Try again in a few minutes\.\nNothing was changed before it\./],
  ['already-exists', 'create bucket', 'iot:CreateThingGroup', /it exists already\. Choose another name/],
  ['limit-exceeded', 'create thing', 'iot:CreateThing', /than AWS allows\. Remove what is not needed/],
] as const)('%s at %s ends it with cause, remedy and what is done', async (fault: CloudFault, _call, action, expected) => {
  const cloud = memoryCloud();
  cloud.gate.fail(fault, { action });
  await expect(applied(cloud)).rejects.toThrow(expected);
  cloud.gate.recover();
  expect(due((await applied(cloud)).steps)).not.toEqual([]);
  expect(due((await planned(cloud)).steps)).toEqual([]);
});

test.each([
  ['make', 's3:PutBucketTagging', /\nDone before it: .*, a part of create bucket sagemaker-lobby-/],
  ['destroy', 'iam:DeleteRole', /\nDone before it: .*, a part of delete role SageMakerFescue-lobby\./],
] as const)('to %s: what is done of the step that failed is told, too', async (mode, action, expected) => {
  const cloud = memoryCloud();
  if (mode === 'destroy') await applied(cloud);
  cloud.gate.fail('access-denied', { action });
  await expect(applied(cloud, wishOf(), mode)).rejects.toThrow(expected);
});

test('a role that is not known everywhere yet is asked for again, for a while', async () => {
  const cloud = memoryCloud();
  for (const nth of [1, 2, 3]) cloud.gate.fail(nth === 2 ? 'access-denied' : 'refused', { action: 'iot:CreateRoleAlias', nth });
  const [told, waited]: [string[], number[]] = [[], []];
  await applySetup(await planned(cloud), { cloud, signal, tell: (text) => told.push(text), wait: async (ms) => waited.push(ms) });
  expect(waited).toEqual([1000, 2000, 3000]);
  expect(told.filter((text) => text.startsWith(' '))[0]).toBe('  AWS does not take role SageMakerFescue-lobby yet; asking again in 1 s');
  expect(due((await planned(cloud)).steps)).toEqual([]);
});

test('a role that never gets known ends it after half a minute', async () => {
  const cloud = memoryCloud();
  cloud.gate.fail('refused', { action: 'iot:CreateRoleAlias' });
  const waited: number[] = [];
  await expect(applySetup(await planned(cloud), { cloud, signal, tell, wait: async (ms) => waited.push(ms) })).rejects.toThrow(/^create role alias SageMakerEdge-lobby: .*AWS refuses it/);
  expect(waited.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
});

test('access that is denied to a role of old is not asked for again', async () => {
  const cloud = sharedAccount();
  cloud.gate.fail('access-denied', { action: 'iot:CreateRoleAlias' });
  await expect(applySetup(await planned(cloud), { cloud, signal, tell, wait: async () => expect.unreachable() })).rejects.toThrow(/access is denied/);
});

test('interrupted, it ends after the call that is under way and says what is done', async () => {
  const cloud = memoryCloud();
  const controller = new AbortController();
  const stopAt = (text: string): void => (text.includes('role alias') ? controller.abort() : undefined);
  await expect(applySetup(await planned(cloud), { cloud, signal: controller.signal, tell: stopAt })).rejects.toThrow('create role alias SageMakerEdge-lobby: Interrupted.\nDone before it: create role SageMakerFescue-lobby, create inline policy fescue-lobby. The same command goes on from there.');
  expect(cloud.gate.changes.map(({ action }) => action)).toEqual(['iam:CreateRole', 'iam:PutRolePolicy']);
});

test('nothing is changed while something is for a person to decide', async () => {
  const cloud = memoryCloud();
  cloud.account.roleAliases.set(usual.alias, { roleArn: 'arn:aws:iam::123456789012:role/Other', credentialSeconds: 3600, tags: {} });
  await expect(applied(cloud)).rejects.toThrow(/^Nothing was changed: role alias SageMakerEdge-lobby: it leads to arn:aws:iam::123456789012:role\/Other, .*--role-alias.*--adopt\.$/);
  expect(cloud.gate.changes).toEqual([]);
});

test('a bucket of somebody else is told as one', async () => {
  const cloud = memoryCloud();
  cloud.account.buckets.set(usual.bucket, { ...newBucket('eu-west-1'), owner: '210987654321' });
  await expect(planned(cloud)).rejects.toThrow(/ of bucket sagemaker-lobby-123456789012-eu-west-1: access is denied, as to buckets of other accounts/);
});
