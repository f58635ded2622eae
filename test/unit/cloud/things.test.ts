import { expect, test } from 'vitest';
import { collect } from '../../contract/cloud-under-test.ts';
import { json, restError, useRecordedAws } from '../../helpers/recorded-aws.ts';

const aliasArn = 'arn:aws:iot:eu-west-1:123456789012:rolealias/SageMakerEdge-lobby';

test('reads a role alias, and its tags page by page', async () => {
  const { cloud, requests } = await useRecordedAws(({ path, query }) => {
    if (path === '/role-aliases/SageMakerEdge-lobby') return json({ roleAliasDescription: { roleAlias: 'SageMakerEdge-lobby', roleAliasArn: aliasArn, roleArn: 'arn:aws:iam::123456789012:role/SageMakerX', owner: '123456789012', credentialDurationSeconds: 43_200, creationDate: 1_678_810_290.5 } });
    return query.get('nextToken') === 'n' ? json({ tags: [{ Key: 'b', Value: '2' }] }) : json({ tags: [{ Key: 'a', Value: '1' }], nextToken: 'n' });
  });
  expect(await cloud.things.roleAlias('SageMakerEdge-lobby')).toEqual({ alias: 'SageMakerEdge-lobby', arn: aliasArn, roleArn: 'arn:aws:iam::123456789012:role/SageMakerX', credentialSeconds: 43_200, tags: { a: '1', b: '2' } });
  expect(requests.map(({ path, query }) => [path, query.get('resourceArn')])).toEqual([['/role-aliases/SageMakerEdge-lobby', null], ['/tags', aliasArn], ['/tags', aliasArn]]);
});

test('tells what it takes to read the tags', async () => {
  const { cloud } = await useRecordedAws(({ path }) => (path === '/tags' ? restError(403, 'UnauthorizedException', '') : json({ roleAliasDescription: { roleAliasArn: aliasArn, roleArn: 'arn:aws:iam::123456789012:role/SageMakerX' } })));
  await expect(cloud.things.roleAlias('x')).rejects.toMatchObject({ fault: 'access-denied', action: 'iot:ListTagsForResource' });
});

test('creates a role alias with its tags', async () => {
  const { cloud, requests } = await useRecordedAws(() => json({ roleAlias: 'a', roleAliasArn: aliasArn }));
  await cloud.things.createRoleAlias({ alias: 'a', roleArn: 'arn:aws:iam::123456789012:role/SageMakerX', credentialSeconds: 3_600, tags: { a: 'b' } });
  expect(JSON.parse(requests[0]?.body.toString() ?? '')).toEqual({ roleArn: 'arn:aws:iam::123456789012:role/SageMakerX', credentialDurationSeconds: 3_600, tags: [{ Key: 'a', Value: 'b' }] });
});

test('lists principals and groups of a thing page by page', async () => {
  const { cloud } = await useRecordedAws(({ path, query }) => {
    const isSecond = query.get('nextToken') === 'n';
    if (path === '/things/camera-1/principals') return json(isSecond ? { principals: ['arn:b'] } : { principals: ['arn:a'], nextToken: 'n' });
    return json(isSecond ? { thingGroups: [{ groupName: 'two', groupArn: 'x' }] } : { thingGroups: [{ groupName: 'one', groupArn: 'x' }], nextToken: 'n' });
  });
  expect(await cloud.things.principalsOf('camera-1')).toEqual(['arn:a', 'arn:b']);
  expect(await cloud.things.groupsOf('camera-1')).toEqual(['one', 'two']);
});

test('reads the status of a certificate, and asks for nothing where a principal is none', async () => {
  const { cloud, requests } = await useRecordedAws(({ path }) => json({ certificateDescription: { certificateArn: `arn:aws:iot:eu-west-1:123456789012:cert/${path.slice(-4)}`, certificateId: path.slice(-4), status: 'PENDING_TRANSFER', certificateMode: 'DEFAULT', creationDate: 1_678_810_290.5, validity: { notBefore: 1_678_810_170, notAfter: 2_524_607_999 } } }));
  expect(await cloud.things.certificate('arn:aws:iot:eu-west-1:123456789012:cert/4ad6')).toEqual({ id: '4ad6', status: 'PENDING_TRANSFER', isActive: false });
  expect(await cloud.things.certificate('eu-west-1:11111111-2222-3333-4444-555555555555')).toBeUndefined();
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /certificates/4ad6']);
});

test('reads the policies of a certificate page by page, without one that was deleted meanwhile', async () => {
  const target = 'arn:aws:iot:eu-west-1:123456789012:cert/4ad6';
  const { cloud, requests } = await useRecordedAws(({ path, query }) => {
    if (path.startsWith('/attached-policies/')) return json(query.get('marker') === 'n' ? { policies: [{ policyName: 'B', policyArn: 'arn' }] } : { policies: [{ policyName: 'A', policyArn: 'arn' }], nextMarker: 'n' });
    return path === '/policies/A' ? json({ policyName: 'A', policyArn: 'arn', policyDocument: '{"Version":"2012-10-17","Statement":[]}', defaultVersionId: '3', generationId: 'x' }) : restError(404, 'ResourceNotFoundException');
  });
  expect(await cloud.things.policiesOf(target)).toEqual([{ name: 'A', document: '{"Version":"2012-10-17","Statement":[]}' }]);
  expect(requests.slice(0, 2).map(({ method, path, query }) => [method, decodeURIComponent(path), query.get('recursive')])).toEqual([1, 2].map(() => ['POST', `/attached-policies/${target}`, 'true']));
});

test.each([
  ['/attached-policies/', 'iot:ListAttachedPolicies'],
  ['/policies/', 'iot:GetPolicy'],
])('tells what it takes to read policies where %s is closed', async (closed, action) => {
  const { cloud } = await useRecordedAws(({ path }) => (path.startsWith(closed) ? restError(403, 'UnauthorizedException', '') : json({ policies: [{ policyName: 'A', policyArn: 'arn' }] })));
  await expect(cloud.things.policiesOf('arn:aws:iot:eu-west-1:123456789012:cert/4ad6')).rejects.toMatchObject({ fault: 'access-denied', action });
});

test('lists the things of a group and those below it, a page at a time', async () => {
  const { cloud, requests } = await useRecordedAws(({ query }) => json({ '': { things: ['a', 'b'], nextToken: '1' }, '1': { things: [], nextToken: '2' }, '2': { things: ['c'], nextToken: null } }[query.get('nextToken') ?? '']));
  const pages = cloud.things.members('lobby')[Symbol.asyncIterator]();
  expect(requests).toEqual([]);
  expect(await pages.next()).toEqual({ done: false, value: ['a', 'b'] });
  expect(requests).toHaveLength(1);
  expect(await pages.next()).toEqual({ done: false, value: ['c'] });
  expect(await pages.next()).toMatchObject({ done: true });
  expect(requests.every(({ query }) => query.get('recursive') === 'true' && query.get('maxResults') === '250')).toBe(true);
});

test.each([
  [{ thingIndexingMode: 'OFF' }, undefined],
  [{ thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'OFF', namedShadowIndexingMode: 'OFF', filter: { namedShadowNames: ['fescue'] } }, { namedShadows: [], connectivity: false }],
  [{ thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS', namedShadowIndexingMode: 'ON', filter: { namedShadowNames: ['a', 'fescue'] } }, { namedShadows: ['a', 'fescue'], connectivity: true }],
  [{ thingIndexingMode: 'REGISTRY_AND_SHADOW', namedShadowIndexingMode: 'ON' }, { namedShadows: [], connectivity: false }],
])('reads the configuration of fleet indexing %j', async (thingIndexingConfiguration, expected) => {
  const { cloud } = await useRecordedAws(() => json({ thingIndexingConfiguration, thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'OFF' } }));
  expect(await cloud.things.indexing()).toEqual(expected);
});

test('asks the index page by page', async () => {
  const shadow = '{"name":{"fescue":{"reported":{"format":1}}}}';
  const { cloud, requests } = await useRecordedAws(({ body }) => {
    const { nextToken } = JSON.parse(body.toString()) as { nextToken?: string };
    return nextToken === 'n' ? json({ things: [{ thingName: 'b' }] }) : json({ things: [{ thingName: 'a', thingId: 'x', thingGroupNames: ['lobby'], shadow, connectivity: { connected: true, timestamp: 1_678_810_290_000 } }], nextToken: 'n' });
  });
  expect(await collect(cloud.things.search('thingGroupNames:lobby'))).toEqual([{ name: 'a', groups: ['lobby'], shadow, isConnected: true }, { name: 'b', groups: [], shadow: undefined, isConnected: undefined }]);
  expect(requests.map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([{ queryString: 'thingGroupNames:lobby', maxResults: 100 }, { queryString: 'thingGroupNames:lobby', maxResults: 100, nextToken: 'n' }]);
});

test('asks for the groups below one at any depth, page by page', async () => {
  const { cloud, requests } = await useRecordedAws(({ query }) => (query.get('nextToken') === 'n' ? json({ thingGroups: [{ groupName: 'locks' }] }) : json({ thingGroups: [{ groupName: 'doors', groupArn: 'arn' }], nextToken: 'n' })));
  expect(await cloud.things.subgroups('lobby')).toEqual(['doors', 'locks']);
  expect(requests.map(({ path, query }) => [path, query.get('parentGroup'), query.get('recursive')])).toEqual([1, 2].map(() => ['/thing-groups', 'lobby', 'true']));
});

test('an index that is off is refused, with what to do', async () => {
  const { cloud } = await useRecordedAws(() => restError(409, 'IndexNotReadyException'));
  await expect(collect(cloud.things.search('*'))).rejects.toMatchObject({ fault: 'refused', message: expect.stringContaining('Turn it on in the settings of AWS IoT') as string });
});

test.each([
  ['thing', 'Cannot delete. Thing camera-1 is still attached to one or more principals'],
  ['group', 'Cannot delete thing group : lobby when there are still child groups attached to it.'],
])('a %s in use is a conflict, though AWS calls it an invalid request', async (kind, message) => {
  const { cloud } = await useRecordedAws(() => restError(400, 'InvalidRequestException', message));
  const call = kind === 'thing' ? cloud.things.deleteThing('camera-1') : cloud.things.deleteGroup('lobby');
  await expect(call).rejects.toMatchObject({ fault: 'conflict' });
});

test('reads a core device, and everything installed on it', async () => {
  const { cloud, requests } = await useRecordedAws(({ path, query }) => {
    if (path === '/greengrass/v2/coreDevices/camera-1') return json({ coreDeviceThingName: 'camera-1', coreVersion: '2.12.6', platform: 'linux', architecture: 'aarch64', status: 'UNHEALTHY', lastStatusUpdateTimestamp: 1_678_810_290.25, tags: {} });
    return query.get('nextToken') === 'n' ? json({ installedComponents: [{ componentName: 'b', componentVersion: '1.0.1', lifecycleState: 'BROKEN', isRoot: true }] }) : json({ installedComponents: [{ componentName: 'a', componentVersion: '1.0.0', lifecycleState: 'RUNNING', isRoot: false }], nextToken: 'n' });
  });
  expect(await cloud.cores.get('camera-1')).toEqual({ thing: 'camera-1', nucleusVersion: '2.12.6', status: 'UNHEALTHY', lastSeen: new Date(1_678_810_290_250) });
  expect(await cloud.cores.installedComponents('camera-1')).toEqual([{ name: 'a', version: '1.0.0', state: 'RUNNING', isRoot: false }, { name: 'b', version: '1.0.1', state: 'BROKEN', isRoot: true }]);
  expect(requests[1]).toMatchObject({ service: 'greengrass', path: '/greengrass/v2/coreDevices/camera-1/installedComponents' });
  expect(requests[1]?.query.get('topologyFilter')).toBe('ALL');
});
