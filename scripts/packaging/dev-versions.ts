import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { inc, lt, parse } from 'semver';
import { z } from 'zod';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import type { Artifact } from './artifacts.ts';
import { withVersion, type Component } from './recipes.ts';

/** The last development version of each component and line, such as `dev.fescue.EdgeAgent 0.1`, and a digest of what it was. */
export type DevVersions = Readonly<Record<string, { readonly version: string; readonly sha256: string }>>;

const devVersionsFile = z.record(z.string(), z.object({ version: z.string().refine((text) => parse(text) !== null, 'is no version'), sha256: z.string() }));

/** Greengrass takes no larger number in a version. */
const largestPatch = 999_999;

/** What a file remembers; of a damaged one nothing, and a note. */
export async function readDevVersions(file: string, note: (text: string) => void): Promise<DevVersions> {
  try {
    return devVersionsFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return {};
    const reason = error instanceof z.ZodError ? error.issues.map(({ path, message }) => `${path.join(' of ')}: ${message}`).join('; ') : messageOf(error);
    note(`${file} cannot be used (${reason}): development versions start anew, and may be some that a device already has. Remove those from the device.`);
    return {};
  }
}

/** Writes the file as a whole. */
export async function writeDevVersions(file: string, versions: DevVersions): Promise<void> {
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify(versions, null, 2)}\n`);
  await rename(`${file}.${process.pid}`, file);
}

/**
 * Gives a component the version of its last development build when it is still the same, else the next patch version, so
 * that the ranges of its dependents go on fitting. The first one has the version of the release.
 *
 * @returns the component, and what to remember
 * @throws FescueError `out-of-range` when there is no further version
 */
export function nextDevVersion(component: Component, artifacts: readonly Artifact[], known: DevVersions): { component: Component; known: DevVersions } {
  const sha256 = contentDigest(component, artifacts);
  const { major, minor } = parse(component.version) ?? { major: 0, minor: 0 };
  const line = `${component.name} ${major}.${minor}`;
  const version = versionAfter(known[line], component, sha256);
  return { component: withVersion(component, version), known: { ...known, [line]: { version, sha256 } } };
}

function versionAfter(last: DevVersions[string] | undefined, component: Component, sha256: string): string {
  if (last === undefined || lt(last.version, component.version)) return component.version;
  if (last.sha256 === sha256) return last.version;
  const next = inc(last.version, 'patch');
  const patch = parse(next)?.patch ?? Number.NaN;
  if (next === null || !(patch <= largestPatch)) throw new FescueError('out-of-range', `${component.name} has no development version after ${last.version}: Greengrass takes numbers up to ${largestPatch}. Raise the version it is released with.`);
  return next;
}

/** Changes with the recipe, apart from its version, and with the artifacts. */
function contentDigest(component: Component, artifacts: readonly Artifact[]): string {
  const content = [withVersion(component, '').recipe, artifacts.map(({ file, sha256 }) => [file, sha256])];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
