import { isDeepStrictEqual } from 'node:util';
import type { RoleAlias, Thing, ThingGroup, ThingService } from '../../../scripts/cloud/cloud.ts';
import { cloudError } from '../../../scripts/cloud/explain.ts';
import type { Account, StoredGroup, StoredThing } from './account.ts';
import type { CallGate } from './call-gate.ts';
import { below, groupMembers, searchThings, thingsWith, type Paging } from './memory-listings.ts';

/** IoT Core's registry. */
export function memoryThings(account: Account, gate: CallGate, paging: Paging): ThingService {
  return { ...roleAliases(account, gate), ...things(account, gate), ...certificates(account, gate), ...groups(account, gate), indexing: async () => gate.read('iot:GetIndexingConfiguration', 'fleet indexing', () => account.indexing), subgroups: async (group) => gate.read('iot:ListThingGroups', `thing groups below ${group}`, () => below(account, group).slice(1)), thingsWith: (attribute) => thingsWith(account, gate, { ...attribute, ...paging }), members: (group) => groupMembers(account, gate, { group, ...paging }), search: (query) => searchThings(account, gate, { query, ...paging }) };
}

type Aliases = Pick<ThingService, 'roleAlias' | 'createRoleAlias' | 'setRoleOfAlias' | 'deleteRoleAlias'>;

function roleAliases(account: Account, gate: CallGate): Aliases {
  const stored = account.roleAliases;
  const publicAlias = (alias: string): RoleAlias | undefined => {
    const found = stored.get(alias);
    return found && { alias, arn: iotArn(account, 'rolealias', alias), ...found };
  };
  return {
    roleAlias: async (alias) => gate.read(['iot:DescribeRoleAlias', 'iot:ListTagsForResource'], `role alias ${alias}`, () => publicAlias(alias)),
    createRoleAlias: async ({ alias, roleArn, credentialSeconds, tags }) =>
      gate.change('iot:CreateRoleAlias', `role alias ${alias}`, () => {
        if (stored.has(alias)) throw cloudError('already-exists', { action: 'iot:CreateRoleAlias', subject: `role alias ${alias}` });
        stored.set(alias, { roleArn, credentialSeconds, tags: { ...tags } });
      }),
    setRoleOfAlias: async (alias, roleArn) =>
      gate.change('iot:UpdateRoleAlias', `role alias ${alias}`, () => {
        const found = stored.get(alias);
        if (found === undefined) throw cloudError('not-found', { action: 'iot:UpdateRoleAlias', subject: `role alias ${alias}` });
        found.roleArn = roleArn;
      }),
    deleteRoleAlias: async (alias) => gate.change('iot:DeleteRoleAlias', `role alias ${alias}`, () => void stored.delete(alias)),
  };
}

type Things = Pick<ThingService, 'thing' | 'createThing' | 'deleteThing' | 'principalsOf'>;

function things(account: Account, gate: CallGate): Things {
  const stored = account.things;
  const publicThing = (name: string): Thing | undefined => {
    const found = stored.get(name);
    return found && { name, arn: iotArn(account, 'thing', name), attributes: { ...found.attributes } };
  };
  return {
    thing: async (name) => gate.read('iot:DescribeThing', `thing ${name}`, () => publicThing(name)),
    createThing: async ({ name, attributes }) =>
      gate.change('iot:CreateThing', `thing ${name}`, () => {
        const there = stored.get(name);
        if (there !== undefined && !isDeepStrictEqual(there.attributes, attributes)) throw cloudError('already-exists', { action: 'iot:CreateThing', subject: `thing ${name}` });
        if (there === undefined) stored.set(name, { attributes: { ...attributes }, principals: new Set() });
      }),
    deleteThing: async (name) =>
      gate.change('iot:DeleteThing', `thing ${name}`, () => {
        if ((stored.get(name)?.principals.size ?? 0) > 0) throw cloudError('conflict', { action: 'iot:DeleteThing', subject: `thing ${name}` }, { problem: 'it cannot be deleted while certificates are attached to it' });
        stored.delete(name);
        for (const { members } of account.groups.values()) members.delete(name);
      }),
    principalsOf: async (thing) => gate.read('iot:ListThingPrincipals', `thing ${thing}`, () => [...(stored.get(thing)?.principals ?? [])]),
  };
}

function certificates(account: Account, gate: CallGate): Pick<ThingService, 'certificate' | 'policiesOf'> {
  return {
    certificate: async (principalArn) => {
      const [, id] = /:cert\/(.+)$/.exec(principalArn) ?? [];
      if (id === undefined) return undefined;
      const status = await gate.read('iot:DescribeCertificate', `certificate ${id}`, () => account.certificates.get(principalArn));
      return status === undefined ? undefined : { id, status, isActive: status === 'ACTIVE' };
    },
    policiesOf: async (targetArn) => {
      const targets = [targetArn, ...parents(account, targetArn)];
      const names = await gate.read('iot:ListAttachedPolicies', `IoT policies of ${targetArn}`, () => [...account.iotPolicies].flatMap(([name, policy]) => (targets.some((target) => policy.targets.has(target)) ? [name] : [])));
      return Promise.all(names.map(async (name) => gate.read('iot:GetPolicy', `IoT policy ${name}`, () => ({ name, document: account.iotPolicies.get(name)?.document ?? '' }))));
    },
  };
}

/** ARNs of the groups above one. */
function parents(account: Account, groupArn: string): string[] {
  const parent = account.groups.get(groupArn.slice(groupArn.lastIndexOf('/') + 1))?.parent;
  const arn = parent && iotArn(account, 'thinggroup', parent);
  return arn === undefined ? [] : [arn, ...parents(account, arn)];
}

type Groups = Pick<ThingService, 'group' | 'createGroup' | 'deleteGroup' | 'groupsOf' | 'addToGroup' | 'removeFromGroup'>;

function groups(account: Account, gate: CallGate): Groups {
  const stored = account.groups;
  const publicGroup = (name: string): ThingGroup | undefined => {
    const found = stored.get(name);
    return found && { name, arn: iotArn(account, 'thinggroup', name), tags: { ...found.tags } };
  };
  return {
    group: async (name) => gate.read(['iot:DescribeThingGroup', 'iot:ListTagsForResource'], `thing group ${name}`, () => publicGroup(name)),
    createGroup: async ({ name, description, tags }) =>
      gate.change('iot:CreateThingGroup', `thing group ${name}`, () => {
        const there = stored.get(name);
        if (there !== undefined && (there.description !== description || !isDeepStrictEqual(there.tags, tags))) throw cloudError('already-exists', { action: 'iot:CreateThingGroup', subject: `thing group ${name}` });
        if (there === undefined) stored.set(name, { description, tags: { ...tags }, members: new Set() });
      }),
    deleteGroup: async (name) =>
      gate.change('iot:DeleteThingGroup', `thing group ${name}`, () => {
        if ([...stored.values()].some(({ parent }) => parent === name)) throw cloudError('conflict', { action: 'iot:DeleteThingGroup', subject: `thing group ${name}` }, { problem: 'it cannot be deleted while there are groups below it' });
        stored.delete(name);
      }),
    groupsOf: async (thing) => gate.read('iot:ListThingGroupsForThing', `thing ${thing}`, () => [...stored].flatMap(([name, { members }]) => (members.has(thing) ? [name] : []))),
    addToGroup: async (thing, group) => gate.change('iot:AddThingToThingGroup', `thing ${thing}`, () => void pair(account, { action: 'iot:AddThingToThingGroup', thing, group }).group.members.add(thing)),
    removeFromGroup: async (thing, group) => gate.change('iot:RemoveThingFromThingGroup', `thing ${thing}`, () => void stored.get(group)?.members.delete(thing)),
  };
}

/** @throws CloudError `not-found` unless both are there */
function pair(account: Account, { action, thing, group }: { action: string; thing: string; group: string }): { thing: StoredThing; group: StoredGroup } {
  const [foundThing, foundGroup] = [account.things.get(thing), account.groups.get(group)];
  if (foundThing === undefined) throw cloudError('not-found', { action, subject: `thing ${thing}` });
  if (foundGroup === undefined) throw cloudError('not-found', { action, subject: `thing group ${group}` });
  return { thing: foundThing, group: foundGroup };
}

function iotArn({ id, region }: Account, kind: string, name: string): string {
  return `arn:aws:iot:${region}:${id}:${kind}/${name}`;
}
