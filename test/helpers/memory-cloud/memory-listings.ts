import type { IndexedThing } from '../../../scripts/cloud/cloud.ts';
import { cloudError } from '../../../scripts/cloud/explain.ts';
import type { Account } from './account.ts';
import type { CallGate } from './call-gate.ts';

export type Paging = { readonly pageSize: number };

/** The things of a group and of those below it; each page is a call. */
export async function* groupMembers(account: Account, gate: CallGate, { group, pageSize }: Paging & { group: string }): AsyncGenerator<readonly string[]> {
  const names = [...new Set(below(account, group).flatMap((name) => [...(account.groups.get(name)?.members ?? [])]))];
  for (let start = 0; start === 0 || start < names.length; start += pageSize) {
    const page = await gate.read('iot:ListThingsInThingGroup', `thing group ${group}`, () => names.slice(start, start + pageSize));
    if (page.length > 0) yield page;
  }
}

/** Each page is a call. */
export async function* thingsWith({ things }: Account, gate: CallGate, { name, value, pageSize }: Paging & { name: string; value: string }): AsyncGenerator<readonly string[]> {
  const found = [...things].flatMap(([thing, { attributes }]) => (attributes[name] === value ? [thing] : []));
  for (let start = 0; start === 0 || start < found.length; start += pageSize) {
    const page = await gate.read('iot:ListThings', `things with ${name}=${value}`, () => found.slice(start, start + pageSize));
    if (page.length > 0) yield page;
  }
}

/** A group and all below it. */
export function below(account: Account, group: string): string[] {
  return [group, ...[...account.groups].flatMap(([name, { parent }]) => (parent === group ? below(account, name) : []))];
}

/** As far as the query language is known here: terms of `thingName` and `thingGroupNames` with stars, joined by AND, or `*`. */
export async function* searchThings(account: Account, gate: CallGate, { query, pageSize }: Paging & { query: string }): AsyncGenerator<readonly IndexedThing[]> {
  const call = { action: 'iot:SearchIndex', subject: `the index query ${query}` };
  const names = await gate.read(call.action, call.subject, () => {
    if (account.indexing === undefined) throw cloudError('refused', call, { problem: 'fleet indexing is off', remedy: 'Turn it on in the settings of AWS IoT.' });
    return [...account.things.keys()].filter((name) => query.split(/ AND /).every((term) => fits(account, name, { term, call })));
  });
  for (let start = 0; start < names.length; start += pageSize) {
    const page = names.slice(start, start + pageSize).map((name) => indexed(account, name));
    yield start === 0 ? page : await gate.read(call.action, call.subject, () => page);
  }
}

function fits({ groups }: Account, thing: string, { term, call }: { term: string; call: { action: string; subject: string } }): boolean {
  const [, field, pattern = ''] = /^(?:(thingName|thingGroupNames):"?([^"]+)"?|\*)$/.exec(term.trim()) ?? [undefined, 'unknown'];
  if (field === undefined) return true;
  const glob = new RegExp(`^${pattern.split('*').map((part) => RegExp.escape(part)).join('.*')}$`);
  if (field === 'thingName') return glob.test(thing);
  if (field === 'thingGroupNames') return [...groups].some(([name, { members }]) => members.has(thing) && glob.test(name));
  throw cloudError('refused', call, { problem: `the index in memory does not know the term ${term}` });
}

function indexed({ things, groups, shadows, indexing }: Account, name: string): IndexedThing {
  const named = (indexing?.namedShadows ?? []).flatMap((shadow) => {
    const { document, version } = shadows.get(name)?.get(shadow) ?? {};
    return document === undefined ? [] : [[shadow, { ...document.state, metadata: document.metadata, version, hasDelta: false }] as const];
  });
  return { name, groups: [...groups].flatMap(([group, { members }]) => (members.has(name) ? [group] : [])), shadow: named.length === 0 ? undefined : JSON.stringify({ name: Object.fromEntries(named) }), isConnected: indexing?.connectivity === true ? things.get(name)?.isConnected : undefined };
}
