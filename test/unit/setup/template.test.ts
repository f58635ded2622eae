import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { templateOf, templateText, type Template } from '../../../scripts/setup/template.ts';
import { memoryCloud } from '../../helpers/memory-cloud.ts';
import { planned, usual, wishOf } from '../../helpers/setup-fleet.ts';

const region = { region: undefined };
const properties: Readonly<Record<string, readonly string[]>> = {
  'AWS::IAM::Role': ['RoleName', 'Description', 'AssumeRolePolicyDocument', 'ManagedPolicyArns', 'Policies', 'Tags'],
  'AWS::IoT::RoleAlias': ['RoleAlias', 'RoleArn', 'CredentialDurationSeconds', 'Tags'],
  'AWS::S3::Bucket': ['BucketName', 'BucketEncryption', 'PublicAccessBlockConfiguration', 'VersioningConfiguration', 'Tags'],
  'AWS::S3::BucketPolicy': ['Bucket', 'PolicyDocument'],
  'AWS::IoT::ThingGroup': ['ThingGroupName', 'ThingGroupProperties', 'Tags'],
  'AWS::IoT::Thing': ['ThingName', 'AttributePayload'],
};

/** All objects inside, with the function of CloudFormation that they are, if they are one. */
function functions(value: unknown): [name: string, argument: unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => [...(key === 'Ref' || key.startsWith('Fn::') ? [[key, inner] as [string, unknown]] : []), ...functions(inner)]);
}

test.each([wishOf({ things: [] }), wishOf({ things: ['cam-1', 'cam1', 'c-am1'] }), wishOf({ variant: 'as-documented', fullAccess: true, artifacts: ['my-artifacts'] })])('names only what CloudFormation knows, and nothing twice', (wish) => {
  const { Resources, Outputs } = templateOf(wish, region);
  const ids = Object.keys(Resources);
  expect(ids.filter((id) => !/^[A-Za-z0-9]{1,255}$/.test(id))).toEqual([]);
  expect(ids.length).toBe(5 + wish.things.length);
  for (const { Type, Properties } of Object.values(Resources)) expect(properties[Type]).toEqual(Object.keys(Properties));
  for (const [name, argument] of functions({ Resources, Outputs })) {
    if (name === 'Fn::Sub') expect(String(argument).replaceAll(/\$\{AWS::(?:Partition|AccountId|Region)\}/g, '')).not.toContain('${');
    else expect(ids).toContain(name === 'Ref' ? argument : (argument as string[])[0]);
  }
});

/** What CloudFormation makes of it in an account. */
function substituted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(substituted);
  if (typeof value !== 'object' || value === null) return value;
  const sub = 'Fn::Sub' in value ? value['Fn::Sub'] : undefined;
  if (typeof sub === 'string') return sub.replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::AccountId}', '123456789012').replaceAll('${AWS::Region}', 'eu-west-1');
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substituted(inner)]));
}

test.each([wishOf(), wishOf({ variant: 'as-documented', artifacts: ['my-artifacts/com.example.'] })])('says the same as the plan', async (wish) => {
  const { steps } = await planned(memoryCloud(), wish);
  const actions = steps.flatMap((step) => step.actions);
  const { DeviceRole, RoleAlias, CaptureBucket, CaptureBucketPolicy, Fleet, ThingcamD1 } = (substituted(templateOf(wish, region)) as Template).Resources;
  const role = actions.find((action) => action.call === 'create role');
  expect(DeviceRole?.Properties).toMatchObject({ RoleName: usual.role, AssumeRolePolicyDocument: JSON.parse(role?.trust ?? '') as unknown, ManagedPolicyArns: actions.flatMap((action) => (action.call === 'attach' ? [action.policyArn] : [])) });
  expect(DeviceRole?.Properties['Policies']).toEqual(actions.flatMap((action) => (action.call === 'put inline' ? [{ PolicyName: action.policy.name, PolicyDocument: JSON.parse(action.policy.document) as unknown }] : [])));
  expect(RoleAlias?.Properties['RoleAlias']).toBe(usual.alias);
  expect(CaptureBucket?.Properties['BucketName']).toBe(usual.bucket);
  expect(CaptureBucketPolicy?.Properties['PolicyDocument']).toEqual(actions.flatMap((action) => (action.call === 'set bucket policy' ? [JSON.parse(action.document) as unknown] : []))[0]);
  expect(Fleet?.Properties['ThingGroupName']).toBe('lobby');
  expect(ThingcamD1?.Properties).toEqual({ ThingName: 'cam-1', AttributePayload: { Attributes: { 'fescue-fleet': 'lobby' } } });
});

test('YAML and JSON are the same template', () => {
  const template = templateOf(wishOf(), region);
  expect(parse(templateText(template, 'yaml'), { version: '1.1' })).toEqual(template);
  expect(JSON.parse(templateText(template, 'json'))).toEqual(template);
});

test('says what it leaves to setup', () => {
  expect(JSON.stringify(templateOf(wishOf(), region).Outputs)).toContain('fescue setup --fleet lobby --thing cam-1 --apply');
});

test('the name of a bucket is cut as setup cuts it', async () => {
  const fleet = 'f'.repeat(40);
  expect(() => templateOf(wishOf({ fleet }), region)).toThrow(/Name the region with --region, or a bucket with --bucket\.$/);
  const { CaptureBucket } = (substituted(templateOf(wishOf({ fleet }), { region: 'eu-west-1' })) as Template).Resources;
  expect(CaptureBucket?.Properties['BucketName']).toBe((await planned(memoryCloud(), wishOf({ fleet }))).desired.names.bucket);
});
