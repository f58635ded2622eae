import { mkdirSync, readdirSync } from 'node:fs';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { ShadowDocument } from './shadow-document.ts';
import { shadowFileOf, type ShadowName, type StoredShadow, thingOfFile, thingShadows } from './shadow-files.ts';

/** All shadows, in a file for each thing: a change costs as much with one thing as with thousands. */
export class ShadowStore {
  readonly #folder: string;
  /** By thing, then by the shadow's own name. */
  readonly #things = new Map<string, ReadonlyMap<string, StoredShadow>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  load(onNote: (text: string) => void): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (const thing of readdirSync(this.#folder).flatMap((name) => thingOfFile(name) ?? [])) {
      const shadows = readJsonFile({ path: shadowFileOf(this.#folder, thing), schema: thingShadows, onNote }) ?? [];
      this.#things.set(thing, new Map(shadows.map((one) => [one.shadow, one])));
    }
  }

  get(name: ShadowName): ShadowDocument | undefined {
    const found = this.#find(name);
    return found?.document === undefined ? undefined : { ...found.document, version: found.version };
  }

  /** The version the next document of this name has. */
  nextVersion(name: ShadowName): number {
    return (this.#find(name)?.version ?? 0) + 1;
  }

  /** @param document undefined deletes. @throws FescueError when the file cannot be written; nothing changed then */
  set({ thing, shadow }: ShadowName, version: number, document: ShadowDocument | undefined): void {
    const changed: StoredShadow = { shadow, version, document: document && { state: document.state, metadata: document.metadata } };
    const shadows = new Map(this.#things.get(thing)).set(shadow, changed);
    writeJsonFile(shadowFileOf(this.#folder, thing), [...shadows.values()]);
    this.#things.set(thing, shadows);
  }

  /** Names of a thing's shadows besides the classic one, sorted. */
  namedShadows(thing: string): string[] {
    return [...(this.#things.get(thing)?.values() ?? [])].filter(({ shadow, document }) => shadow !== '' && document !== undefined).map(({ shadow }) => shadow).toSorted();
  }

  #find({ thing, shadow }: ShadowName): StoredShadow | undefined {
    return this.#things.get(thing)?.get(shadow);
  }
}
