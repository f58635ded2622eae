import { describe, expect, test } from 'vitest';
import type { ThingService } from '../../scripts/cloud/cloud.ts';
import { capable, collect, expectFault, type CloudSuite } from './cloud-under-test.ts';

const roleArn = 'arn:aws:iam::123456789012:role/SageMakerFescue-lobby';
const alias = { alias: 'SageMakerEdge-lobby', roleArn, credentialSeconds: 3_600, tags: { 'fescue:fleet': 'lobby' } };
const lobby = { name: 'lobby', description: 'A fleet', tags: { 'fescue:fleet': 'lobby' } };
const lobbyArn = 'arn:aws:iot:eu-west-1:123456789012:thinggroup/lobby';

export function describeThings(suite: CloudSuite): void {
  const { open } = suite;
  describe('role aliases', () => {
    test('is created once, changed and deleted', async () => {
      const { cloud: { things } } = await open();
      expect(await things.roleAlias(alias.alias)).toBeUndefined();
      await expectFault(things.setRoleOfAlias(alias.alias, roleArn), 'not-found', 'iot:UpdateRoleAlias');
      await things.createRoleAlias(alias);
      expect(await things.roleAlias(alias.alias)).toEqual({ ...alias, arn: 'arn:aws:iot:eu-west-1:123456789012:rolealias/SageMakerEdge-lobby' });
      await expectFault(things.createRoleAlias(alias), 'already-exists', 'iot:CreateRoleAlias');
      await things.setRoleOfAlias(alias.alias, `${roleArn}-2`);
      expect(await things.roleAlias(alias.alias)).toMatchObject({ roleArn: `${roleArn}-2`, credentialSeconds: 3_600, tags: alias.tags });
      for (let time = 0; time < 2; time += 1) await things.deleteRoleAlias(alias.alias);
      expect(await things.roleAlias(alias.alias)).toBeUndefined();
    });

    test('stays when its role goes', async () => {
      const { cloud: { things, roles } } = await open();
      await roles.create({ name: 'SageMakerFescue-lobby', description: '', trust: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"credentials.iot.amazonaws.com"},"Action":"sts:AssumeRole"}]}', tags: {} });
      await things.createRoleAlias(alias);
      await roles.delete('SageMakerFescue-lobby');
      expect(await things.roleAlias(alias.alias)).toMatchObject({ roleArn });
    });
  });

  describe('things', () => {
    test('is created, and again with the same attributes', async () => {
      const { cloud: { things } } = await open();
      expect(await things.thing('camera-1')).toBeUndefined();
      for (let time = 0; time < 2; time += 1) await things.createThing({ name: 'camera-1', attributes: { 'fescue-fleet': 'lobby' } });
      expect(await things.thing('camera-1')).toEqual({ name: 'camera-1', arn: 'arn:aws:iot:eu-west-1:123456789012:thing/camera-1', attributes: { 'fescue-fleet': 'lobby' } });
      for (let time = 0; time < 2; time += 1) await things.deleteThing('camera-1');
      expect(await things.thing('camera-1')).toBeUndefined();
    });

    capable(suite, 'thing-conflicts')('is not created again with other attributes', async ({ cloud: { things } }) => {
      await things.createThing({ name: 'camera-1', attributes: { 'fescue-fleet': 'lobby' } });
      await expectFault(things.createThing({ name: 'camera-1', attributes: {} }), 'already-exists', 'iot:CreateThing');
    });

    test('is found by an attribute', async () => {
      const { cloud: { things } } = await open();
      const attribute = { name: 'fescue-fleet', value: 'lobby' };
      expect(await collect(things.thingsWith(attribute))).toEqual([]);
      const names = Array.from({ length: 5 }, (_, index) => `camera-${index}`);
      for (const name of names) await things.createThing({ name, attributes: { 'fescue-fleet': 'lobby' } });
      await things.createThing({ name: 'other', attributes: { 'fescue-fleet': 'lob' } });
      await things.createThing({ name: 'plain', attributes: {} });
      expect((await collect(things.thingsWith(attribute))).toSorted()).toEqual(names);
    });

    test('is not deleted while certificates are attached', async () => {
      const { cloud: { things }, world } = await open();
      await things.createThing({ name: 'camera-1', attributes: {} });
      expect(await things.principalsOf('camera-1')).toEqual([]);
      const arn = await world.attachCertificate('camera-1');
      expect(await things.principalsOf('camera-1')).toEqual([arn]);
      expect(await things.principalsOf('nobody')).toEqual([]);
      await expectFault(things.deleteThing('camera-1'), 'conflict', 'iot:DeleteThing');
    });
  });

  describe('certificates', () => {
    test('tells whether it is active, as long as there is one', async () => {
      const { cloud: { things }, world } = await open();
      await things.createThing({ name: 'camera-1', attributes: {} });
      const arn = await world.attachCertificate('camera-1');
      const id = arn.slice(arn.lastIndexOf('/') + 1);
      expect(await things.certificate(arn)).toEqual({ id, status: 'ACTIVE', isActive: true });
      for (const status of ['INACTIVE', 'REVOKED'] as const) {
        await world.setCertificate(arn, status);
        expect(await things.certificate(arn)).toEqual({ id, status, isActive: false });
      }
      expect(await things.certificate(arn.replace(id, 'abcdef'.padEnd(64, '0')))).toBeUndefined();
      expect(await things.certificate('eu-west-1:11111111-2222-3333-4444-555555555555')).toBeUndefined();
    });

    test('has the policies that are attached to it, in the version that counts', async () => {
      const { cloud: { things }, world } = await open();
      await things.createThing({ name: 'camera-1', attributes: {} });
      const arn = await world.attachCertificate('camera-1');
      expect(await things.policiesOf(arn)).toEqual([]);
      await world.attachPolicy({ name: 'Own', document: iotPolicy('iot:Connect') }, arn);
      await world.attachPolicy({ name: 'Own', document: iotPolicy('iot:*') }, arn);
      expect(await things.policiesOf(arn)).toEqual([{ name: 'Own', document: iotPolicy('iot:*') }]);
    });

    test('of a group are the policies of the group', async () => {
      const { cloud: { things }, world } = await open();
      await things.createGroup(lobby);
      await world.attachPolicy({ name: 'Fleet', document: iotPolicy('iot:Publish') }, lobbyArn);
      expect(await things.policiesOf(lobbyArn)).toEqual([{ name: 'Fleet', document: iotPolicy('iot:Publish') }]);
      expect(await things.policiesOf(`${lobbyArn}-2`)).toEqual([]);
    });

    capable(suite, 'policies-of-parents')('of a group are also those of the groups above it', async ({ cloud: { things }, world }) => {
      await things.createGroup(lobby);
      await world.makeGroupBelow('lobby', 'doors');
      await world.attachPolicy({ name: 'Fleet', document: iotPolicy('iot:Publish') }, lobbyArn);
      expect(await things.policiesOf(lobbyArn.replace('lobby', 'doors'))).toEqual([{ name: 'Fleet', document: iotPolicy('iot:Publish') }]);
    });
  });

  describe('thing groups', () => {
    test('is created once, and deleted', async () => {
      const { cloud: { things } } = await open();
      expect(await things.group('lobby')).toBeUndefined();
      await things.createGroup(lobby);
      expect(await things.group('lobby')).toEqual({ name: 'lobby', arn: 'arn:aws:iot:eu-west-1:123456789012:thinggroup/lobby', tags: lobby.tags });
      await expectFault(things.createGroup({ ...lobby, description: 'Another' }), 'already-exists', 'iot:CreateThingGroup');
      for (let time = 0; time < 2; time += 1) await things.deleteGroup('lobby');
      expect(await things.group('lobby')).toBeUndefined();
    });

    test('things enter and leave', async () => {
      const { cloud: { things } } = await open();
      await things.createGroup(lobby);
      await expectFault(things.addToGroup('camera-1', 'lobby'), 'not-found', 'iot:AddThingToThingGroup');
      await things.createThing({ name: 'camera-1', attributes: {} });
      await expectFault(things.addToGroup('camera-1', 'nowhere'), 'not-found', 'iot:AddThingToThingGroup');
      for (let time = 0; time < 2; time += 1) await things.addToGroup('camera-1', 'lobby');
      expect(await things.groupsOf('camera-1')).toEqual(['lobby']);
      expect(await collect(things.members('lobby'))).toEqual(['camera-1']);
      for (let time = 0; time < 2; time += 1) await things.removeFromGroup('camera-1', 'lobby');
      await things.removeFromGroup('nobody', 'nowhere');
      expect(await things.groupsOf('camera-1')).toEqual([]);
      expect(await things.groupsOf('nobody')).toEqual([]);
    });

    test('lists all things', async () => {
      const { cloud: { things } } = await open();
      const names = await fill(things, 'lobby', 30);
      expect((await collect(things.members('lobby'))).toSorted()).toEqual(names.toSorted());
      expect(await collect(things.members('nowhere'))).toEqual([]);
    });

    capable(suite, 'group-pages')('lists many things in pages', async ({ cloud: { things } }) => {
      const names = await fill(things, 'lobby', 270);
      const pages: string[][] = [];
      for await (const page of things.members('lobby')) pages.push([...page]);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat().toSorted()).toEqual(names.toSorted());
    });

    capable(suite, 'nested-groups')('has the things of groups below it', async ({ cloud: { things }, world }) => {
      const names = await fill(things, 'lobby', 2);
      await world.makeGroupBelow('lobby', 'doors');
      await things.createThing({ name: 'door', attributes: {} });
      await things.addToGroup('door', 'doors');
      expect((await collect(things.members('lobby'))).toSorted()).toEqual([...names, 'door']);
    });

    test('tells the groups below it, at any depth', async () => {
      const { cloud: { things }, world } = await open();
      await things.createGroup(lobby);
      expect(await things.subgroups('lobby')).toEqual([]);
      await world.makeGroupBelow('lobby', 'doors');
      await world.makeGroupBelow('doors', 'locks');
      expect((await things.subgroups('lobby')).toSorted()).toEqual(['doors', 'locks']);
    });

    test('is not deleted while there are groups below it', async () => {
      const { cloud: { things }, world } = await open();
      await things.createGroup(lobby);
      await world.makeGroupBelow('lobby', 'doors');
      await expectFault(things.deleteGroup('lobby'), 'conflict', 'iot:DeleteThingGroup');
    });
  });

  describe('fleet indexing', () => {
    test('is off, and then tells what it covers', async () => {
      const { cloud: { things }, world } = await open();
      expect(await things.indexing()).toBeUndefined();
      await world.index(['fescue']);
      expect(await things.indexing()).toEqual({ namedShadows: ['fescue'], connectivity: true });
    });

    test('finds the things of a group, with their shadows', async () => {
      const { cloud: { things, shadows }, world } = await open();
      await world.index(['fescue']);
      await things.createGroup(lobby);
      for (const name of ['camera-1', 'camera-2', 'camera-3']) await things.createThing({ name, attributes: {} });
      for (const name of ['camera-1', 'camera-3']) await things.addToGroup(name, 'lobby');
      await shadows.update('camera-3', 'fescue', '{"state":{"reported":{"time":7}}}');
      const found = await collect(things.search('thingGroupNames:lobby'));
      expect(found.map(({ name }) => name).toSorted()).toEqual(['camera-1', 'camera-3']);
      expect(found.map(({ groups }) => groups)).toEqual([['lobby'], ['lobby']]);
      const shadow = JSON.parse(found.find(({ name }) => name === 'camera-3')?.shadow ?? '{}') as unknown;
      expect(shadow).toMatchObject({ name: { fescue: { reported: { time: 7 } } } });
    });
  });
}

function iotPolicy(action: string): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });
}

/** Makes a group of so many things. */
async function fill(things: ThingService, group: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `camera-${index}`);
  await things.createGroup({ ...lobby, name: group });
  for (const name of names) {
    await things.createThing({ name, attributes: {} });
    await things.addToGroup(name, group);
  }
  return names;
}
