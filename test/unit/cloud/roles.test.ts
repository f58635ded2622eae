import { expect, test } from 'vitest';
import type { AwsRequest } from '../../helpers/aws-server.ts';
import { queryAnswer, queryError, useRecordedAws } from '../../helpers/recorded-aws.ts';

/** As IAM encodes it, lines and all. */
const trust = '{\n  "Version": "2012-10-17",\n  "Statement": [{ "Effect": "Allow", "Principal": { "Service": ["credentials.iot.amazonaws.com"] }, "Action": "sts:AssumeRole", "Condition": { "StringLike": { "aws:x": "50% + 1 & ü/(a)*" } } }]\n}';
const encodedTrust = encodeURIComponent(trust).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const roleXml = (more: string): string => `<Role><Path>/service-role/</Path><Arn>arn:aws:iam::123456789012:role/service-role/SageMakerX</Arn><RoleName>SageMakerX</RoleName><AssumeRolePolicyDocument>${encodedTrust}</AssumeRolePolicyDocument><CreateDate>2023-03-14T16:11:30Z</CreateDate><RoleId>AROADBQP57FF2AEXAMPLE</RoleId>${more}</Role>`;

function parameters({ body }: AwsRequest): Record<string, string> {
  const { Version: _, ...others } = Object.fromEntries(new URLSearchParams(body.toString()));
  return others;
}

test('reads a role', async () => {
  const { cloud, requests } = await useRecordedAws(() => queryAnswer('GetRole', roleXml('<Tags><member><Key>fescue:fleet</Key><Value>lobby</Value></member><member><Key>empty</Key><Value></Value></member></Tags><PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::123456789012:policy/Limit</PermissionsBoundaryArn></PermissionsBoundary>')));
  expect(await cloud.roles.get('SageMakerX')).toEqual({ name: 'SageMakerX', arn: 'arn:aws:iam::123456789012:role/service-role/SageMakerX', trust, tags: { 'fescue:fleet': 'lobby', empty: '' }, boundary: 'arn:aws:iam::123456789012:policy/Limit' });
  expect(requests.map(parameters)).toEqual([{ Action: 'GetRole', RoleName: 'SageMakerX' }]);
  expect(requests[0]).toMatchObject({ service: 'iam', headers: { 'user-agent': expect.stringMatching(/ fescue\/\d/) as string } });
});

test('creates a role', async () => {
  const { cloud, requests } = await useRecordedAws(() => queryAnswer('CreateRole', roleXml('')));
  expect(await cloud.roles.create({ name: 'SageMakerX', description: 'Of devices', trust, tags: { a: 'b' } })).toMatchObject({ name: 'SageMakerX', trust, tags: {}, boundary: undefined });
  expect(requests.map(parameters)).toEqual([{ Action: 'CreateRole', RoleName: 'SageMakerX', Description: 'Of devices', AssumeRolePolicyDocument: trust, 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' }]);
});

test('reads attached policies page by page', async () => {
  const page = (name: string, more: string): string => `<AttachedPolicies><member><PolicyName>${name}</PolicyName><PolicyArn>arn:aws:iam::aws:policy/${name}</PolicyArn></member></AttachedPolicies>${more}`;
  const { cloud, requests } = await useRecordedAws((request) => queryAnswer('ListAttachedRolePolicies', parameters(request)['Marker'] === 'next/1' ? page('Two', '<IsTruncated>false</IsTruncated>') : page('One', '<IsTruncated>true</IsTruncated><Marker>next/1</Marker>')));
  expect((await cloud.roles.attachedPolicies('SageMakerX')).map(({ name }) => name)).toEqual(['One', 'Two']);
  expect(requests).toHaveLength(2);
});

test('reads inline policies page by page, but for one that is deleted meanwhile', async () => {
  const { cloud } = await useRecordedAws((request) => {
    const { Action, Marker, PolicyName = '' } = parameters(request);
    if (Action === 'ListRolePolicies') return queryAnswer('ListRolePolicies', Marker === 'm' ? '<PolicyNames><member>c</member></PolicyNames><IsTruncated>false</IsTruncated>' : '<PolicyNames><member>a</member><member>b</member></PolicyNames><IsTruncated>true</IsTruncated><Marker>m</Marker>');
    if (PolicyName === 'b') return queryError(404, 'NoSuchEntity');
    return queryAnswer('GetRolePolicy', `<RoleName>SageMakerX</RoleName><PolicyName>${PolicyName}</PolicyName><PolicyDocument>${encodedTrust}</PolicyDocument>`);
  });
  expect(await cloud.roles.inlinePolicies('SageMakerX')).toEqual([{ name: 'a', document: trust }, { name: 'c', document: trust }]);
});

test('reads the default version of a managed policy, encoded or not', async () => {
  let document = encodedTrust;
  const { cloud, requests } = await useRecordedAws(({ action }) => (action === 'GetPolicy' ? queryAnswer('GetPolicy', '<Policy><PolicyName>P</PolicyName><DefaultVersionId>v7</DefaultVersionId><Arn>arn:aws:iam::aws:policy/P</Arn></Policy>') : queryAnswer('GetPolicyVersion', `<PolicyVersion><Document>${document}</Document><IsDefaultVersion>true</IsDefaultVersion><VersionId>v7</VersionId></PolicyVersion>`)));
  expect(await cloud.roles.managedPolicy('arn:aws:iam::aws:policy/P')).toEqual({ name: 'P', document: trust });
  expect(requests.map(parameters)[1]).toEqual({ Action: 'GetPolicyVersion', PolicyArn: 'arn:aws:iam::aws:policy/P', VersionId: 'v7' });
  document = '{"Resource":"50%25"}';
  expect(await cloud.roles.managedPolicy('arn:aws:iam::aws:policy/P')).toEqual({ name: 'P', document });
});

test('a document that cannot be decoded is refused', async () => {
  const { cloud } = await useRecordedAws(() => queryAnswer('GetRole', roleXml('').replace(encodedTrust, '%7B%E0%A4%A')));
  await expect(cloud.roles.get('SageMakerX')).rejects.toMatchObject({ fault: 'refused', message: expect.stringContaining('iam:GetRole of role SageMakerX') as string });
});
