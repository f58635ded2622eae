import { describe, expect, test } from 'vitest';
import { capable, expectFault, type CloudSuite } from './cloud-under-test.ts';

const name = 'SageMakerFescue-lobby';
const fleetPolicy = 'arn:aws:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy';
const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
/** What an encoding might change. */
const awkward = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'All', Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::sagemaker-a/50%25 +1 & more/ü*' }] }, null, 2);

function roleOf(part: { trust?: string; tags?: Record<string, string> } = {}) {
  return { name, description: 'Of devices', trust, tags: {}, ...part };
}

export function describeRoles(suite: CloudSuite): void {
  const { open } = suite;
  describe('roles', () => {
    test('one that is not there', async () => {
      const { cloud: { roles } } = await open();
      expect(await roles.get(name)).toBeUndefined();
      expect(await roles.attachedPolicies(name)).toEqual([]);
      expect(await roles.inlinePolicies(name)).toEqual([]);
      await roles.delete(name);
      await roles.detach(name, fleetPolicy);
      await roles.deleteInline(name, 'one');
      await expectFault(roles.setTrust(name, trust), 'not-found', 'iam:UpdateAssumeRolePolicy');
      await expectFault(roles.tag(name, { a: 'b' }), 'not-found', 'iam:TagRole');
      await expectFault(roles.attach(name, fleetPolicy), 'not-found', 'iam:AttachRolePolicy');
      await expectFault(roles.putInline(name, { name: 'one', document: awkward }), 'not-found', 'iam:PutRolePolicy');
    });

    test('is created once, with what it was given', async () => {
      const { cloud: { roles } } = await open();
      const created = await roles.create(roleOf({ tags: { 'fescue:fleet': 'lobby', other: 'a b+c=d' } }));
      expect(created).toEqual({ name, arn: `arn:aws:iam::123456789012:role/${name}`, trust, tags: { 'fescue:fleet': 'lobby', other: 'a b+c=d' }, boundary: undefined });
      expect(await roles.get(name)).toEqual(created);
      await expectFault(roles.create(roleOf()), 'already-exists', 'iam:CreateRole');
    });

    test('changes its trust and tags', async () => {
      const { cloud: { roles } } = await open();
      await roles.create(roleOf({ tags: { kept: 'k', changed: '1', removed: 'r' } }));
      await roles.setTrust(name, trust.replace('credentials.iot', 'sagemaker'));
      await roles.tag(name, { changed: '2', added: 'a' });
      await roles.untag(name, ['removed', 'never there']);
      expect(await roles.get(name)).toMatchObject({ trust: trust.replace('credentials.iot', 'sagemaker'), tags: { kept: 'k', changed: '2', added: 'a' } });
    });

    test('has managed policies, each once', async () => {
      const { cloud: { roles } } = await open();
      await roles.create(roleOf());
      for (let time = 0; time < 2; time += 1) await roles.attach(name, fleetPolicy);
      expect(await roles.attachedPolicies(name)).toEqual([{ name: 'AmazonSageMakerEdgeDeviceFleetPolicy', arn: fleetPolicy }]);
      await expectFault(roles.attach(name, 'arn:aws:iam::aws:policy/NoSuchPolicy'), 'not-found', 'iam:AttachRolePolicy');
      await roles.detach(name, fleetPolicy);
      await roles.detach(name, fleetPolicy);
      expect(await roles.attachedPolicies(name)).toEqual([]);
    });

    test('managed policies can be read', async () => {
      const { cloud: { roles } } = await open();
      const { name: policyName, document = '' } = (await roles.managedPolicy(fleetPolicy)) ?? {};
      expect(policyName).toBe('AmazonSageMakerEdgeDeviceFleetPolicy');
      expect((JSON.parse(document) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid)).toEqual(['DeviceS3Access', 'SageMakerEdgeApis', 'CreateIoTRoleAlias', 'CreateIoTRoleAliasIamPermissionsGetRole', 'CreateIoTRoleAliasIamPermissionsPassRole']);
      expect(await roles.managedPolicy('arn:aws:iam::aws:policy/NoSuchPolicy')).toBeUndefined();
    });

    test('has inline policies, with every character of their documents', async () => {
      const { cloud: { roles } } = await open();
      await roles.create(roleOf());
      await roles.putInline(name, { name: 'first', document: awkward.replace('s3:PutObject', 's3:GetObject') });
      for (const policy of ['first', 'second']) await roles.putInline(name, { name: policy, document: awkward });
      expect(await roles.inlinePolicies(name)).toEqual(['first', 'second'].map((policy) => ({ name: policy, document: awkward })));
      await roles.deleteInline(name, 'first');
      await roles.deleteInline(name, 'first');
      expect((await roles.inlinePolicies(name)).map((policy) => policy.name)).toEqual(['second']);
    });

    test('is not deleted while it has policies', async () => {
      const { cloud: { roles } } = await open();
      await roles.create(roleOf());
      await roles.attach(name, fleetPolicy);
      await expectFault(roles.delete(name), 'conflict', 'iam:DeleteRole');
      await roles.detach(name, fleetPolicy);
      await roles.putInline(name, { name: 'one', document: awkward });
      await expectFault(roles.delete(name), 'conflict', 'iam:DeleteRole');
      await roles.deleteInline(name, 'one');
      await roles.delete(name);
      expect(await roles.get(name)).toBeUndefined();
    });

    capable(suite, 'document-limits')('takes 2,048 characters of trust, whitespace not counted', async ({ cloud: { roles } }) => {
      await roles.create(roleOf({ trust: paddedTo(2_048) }));
      await expectFault(roles.setTrust(name, paddedTo(2_049)), 'limit-exceeded', 'iam:UpdateAssumeRolePolicy');
    });

    capable(suite, 'document-limits')('takes 10,240 characters of inline policies, whitespace not counted', async ({ cloud: { roles } }) => {
      await roles.create(roleOf());
      await roles.putInline(name, { name: 'one', document: paddedTo(6_000, 'Resource') });
      await expectFault(roles.putInline(name, { name: 'two', document: paddedTo(4_241, 'Resource') }), 'limit-exceeded', 'iam:PutRolePolicy');
      await roles.putInline(name, { name: 'two', document: paddedTo(4_240, 'Resource') });
      await roles.putInline(name, { name: 'two', document: paddedTo(4_240, 'Resource') });
    });

    capable(suite, 'document-checks')('takes no trust that says nothing', async ({ cloud: { roles } }) => {
      await expectFault(roles.create(roleOf({ trust: '{}' })), 'refused', 'iam:CreateRole');
    });
  });
}

/** A document of so many characters besides whitespace, of which it has a lot. */
function paddedTo(length: number, key: 'Principal' | 'Resource' = 'Principal'): string {
  const withSid = (sid: string): string => JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: sid, Effect: 'Allow', Action: 'sts:AssumeRole', [key]: key === 'Resource' ? '*' : { Service: 'credentials.iot.amazonaws.com' } }] }, null, 20);
  return withSid('S'.repeat(length - withSid('').replaceAll(/\s/g, '').length));
}
