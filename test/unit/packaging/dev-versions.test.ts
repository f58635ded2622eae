import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../../scripts/packaging/artifacts.ts';
import { buildComponents } from '../../../scripts/packaging/build-components.ts';
import { nextDevVersion, readDevVersions, writeDevVersions, type DevVersions } from '../../../scripts/packaging/dev-versions.ts';
import { components, type Component } from '../../../scripts/packaging/recipes.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

type Build = { version: string; content?: string; description?: string };

const componentOf = ({ version, description = '' }: Build): Component => ({ name: 'dev.example.A', version, archive: 'a.tar.gz', recipe: { ComponentName: 'dev.example.A', ComponentVersion: version, ComponentDescription: description } });
const artifactOf = ({ content = '' }: Build): Artifact => ({ file: 'a.tar.gz', path: `/somewhere/${Math.random()}`, bytes: 1, sha256: content });

/** The versions that builds one after the other get. */
function versionsOf(builds: readonly Build[], start: DevVersions = {}): string[] {
  let known = start;
  return builds.map((build) => {
    const next = nextDevVersion(componentOf(build), [artifactOf(build)], known);
    known = next.known;
    expect(next.component.recipe).toMatchObject({ ComponentVersion: next.component.version });
    return next.component.version;
  });
}

describe('the development version', () => {
  test.each<[string, Build[], string[]]>([
    ['begins with that of the release and stays while nothing changes', [{ version: '0.1.0' }, { version: '0.1.0' }], ['0.1.0', '0.1.0']],
    ['grows with each change of an artifact, back to an older one too', [{ version: '0.1.0', content: 'a' }, { version: '0.1.0', content: 'b' }, { version: '0.1.0', content: 'a' }], ['0.1.0', '0.1.1', '0.1.2']],
    ['grows with a change of the recipe', [{ version: '0.1.0' }, { version: '0.1.0', description: 'new' }], ['0.1.0', '0.1.1']],
    ['follows the release', [{ version: '0.1.0' }, { version: '0.1.0', content: 'b' }, { version: '0.2.0' }], ['0.1.0', '0.1.1', '0.2.0']],
    ['is given once, after a release of another line too', [{ version: '0.1.0' }, { version: '0.2.0' }, { version: '0.1.0', content: 'b' }], ['0.1.0', '0.2.0', '0.1.1']],
    ['goes on above that of the release', [{ version: '0.1.0' }, { version: '0.1.0', content: 'b' }, { version: '0.1.1', content: 'c' }], ['0.1.0', '0.1.1', '0.1.2']],
    ['leaves a pre-release for the release', [{ version: '1.0.0-rc.1' }, { version: '1.0.0-rc.1', content: 'b' }], ['1.0.0-rc.1', '1.0.0']],
  ])('%s', (_, builds, versions) => {
    expect(versionsOf(builds)).toEqual(versions);
    for (const [index, version] of versions.entries()) expect(satisfies(version, `^${builds[index]?.version ?? ''}`)).toBe(true);
  });

  test('ends with the largest number Greengrass takes', () => {
    const known = { 'dev.example.A 0.1': { version: '0.1.999998', sha256: 'older' } };
    expect(() => versionsOf([{ version: '0.1.0', content: 'a' }, { version: '0.1.0', content: 'b' }], known)).toThrow(/dev\.example\.A has no development version after 0\.1\.999999: .*up to 999999\. Raise/);
    expect(versionsOf([{ version: '0.1.0' }], known)).toEqual(['0.1.999999']);
  });
});

describe('the file of development versions', () => {
  test('gives back what was written', async () => {
    const file = join(await temporaryFolder(), 'dev-versions.json');
    const versions = { 'dev.example.A 0.1': { version: '0.1.3', sha256: 'abc' } };
    await writeDevVersions(file, versions);
    expect(await readDevVersions(file, (text) => expect.unreachable(text))).toEqual(versions);
    expect(await readDevVersions(`${file}.none`, (text) => expect.unreachable(text))).toEqual({});
  });

  test.each([['', /JSON/], ['[1]', /expected record/], ['{"a 0.1": {"version": "x", "sha256": ""}}', /a 0\.1 of version: is no version/], ['{"a 0.1": 1}', /a 0\.1: /]])('%j is told and forgotten', async (text, reason) => {
    const file = join(await temporaryFolder(), 'dev-versions.json');
    await writeFile(file, text);
    const notes: string[] = [];
    expect(await readDevVersions(file, (note) => void notes.push(note))).toEqual({});
    expect(notes).toEqual([expect.stringMatching(reason)]);
    expect(notes[0]).toMatch(/dev-versions\.json cannot be used \(.*\): development versions start anew/);
  });
});

test('a build gives what changed, and nothing else, the next version', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'dev-versions.json');
  await writeFile(file, 'damaged');
  const told: string[] = [];
  const first = await buildComponents({ folder, versions: 'dev', onProgress: (text) => void told.push(text) });
  expect(first.components).toEqual(Object.fromEntries(components().map(({ name, version }) => [name, version])));
  expect(told.join('\n')).toMatch(/dev-versions\.json cannot be used/);
  const remembered = JSON.parse(await readFile(file, 'utf8')) as DevVersions;
  await writeFile(file, JSON.stringify({ ...remembered, 'dev.fescue.EdgeAgent 0.1': { version: '0.1.7', sha256: 'of other content' } }));
  const second = await buildComponents({ folder, versions: 'dev' });
  expect(second.components).toEqual({ ...first.components, 'dev.fescue.EdgeAgent': '0.1.8' });
  expect(second.artifacts['dev.fescue.EdgeAgent']?.[0]?.path).toBe(join(folder, 'artifacts/dev.fescue.EdgeAgent/0.1.8/agent.tar.gz'));
  expect(await readFile(join(second.recipeDir, 'dev.fescue.EdgeAgent-0.1.8.yaml'), 'utf8')).toMatch(/^ComponentVersion: 0\.1\.8$/m);
}, 180_000);
