import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { ShadowDocument } from './shadow-document.ts';

/** A shadow's name: a thing's, and the shadow's own, which is empty for the classic one. */
export type ShadowName = { readonly thing: string; readonly shadow: string };

const section = z.record(z.string(), z.json());
const sections = z.object({ desired: section.optional(), reported: section.optional() });
const entry = z.object({ thing: z.string(), shadow: z.string(), version: z.int(), document: z.object({ state: sections, metadata: sections }).optional() });
const content = z.array(entry);

/** A deleted shadow keeps its version, so that a later one goes on counting. */
type Entry = z.output<typeof entry>;

/** All shadows, in one file that is written at every change. */
export class ShadowStore {
  readonly #path: string;
  readonly #entries = new Map<string, Entry>();

  constructor(path: string) {
    this.#path = path;
  }

  load(onNote: (text: string) => void): void {
    for (const one of readJsonFile({ path: this.#path, schema: content, onNote }) ?? []) this.#entries.set(keyOf(one), one);
  }

  get(name: ShadowName): ShadowDocument | undefined {
    const found = this.#entries.get(keyOf(name));
    return found?.document === undefined ? undefined : { ...found.document, version: found.version };
  }

  /** The version the next document of this name has. */
  nextVersion(name: ShadowName): number {
    return (this.#entries.get(keyOf(name))?.version ?? 0) + 1;
  }

  /** @param document undefined deletes. @throws FescueError when the file cannot be written; nothing changed then */
  set({ thing, shadow }: ShadowName, version: number, document: ShadowDocument | undefined): void {
    const changed: Entry = { thing, shadow, version, document: document && { state: document.state, metadata: document.metadata } };
    const entries = new Map(this.#entries).set(keyOf(changed), changed);
    writeJsonFile(this.#path, [...entries.values()]);
    this.#entries.set(keyOf(changed), changed);
  }

  /** Names of a thing's shadows besides the classic one, sorted. */
  namedShadows(thing: string): string[] {
    return [...this.#entries.values()].filter((one) => one.thing === thing && one.shadow !== '' && one.document !== undefined).map(({ shadow }) => shadow).toSorted();
  }
}

function keyOf({ thing, shadow }: ShadowName): string {
  return JSON.stringify([thing, shadow]);
}
