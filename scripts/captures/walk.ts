import type { CaptureObject } from './capture-store.ts';

/** What lies directly in a folder, by key; the keys of folders end in a slash. */
export type Listing = { readonly folders: readonly string[]; readonly objects: readonly CaptureObject[] };

export type WalkOptions = {
  readonly list: (folder: string) => Promise<Listing>;
  readonly skips: (folder: string) => boolean;
};

const rawData = /\/\d\d\/raw-data\/$|(?:^|\/)raw-data\/(?:input-tensors|output-tensors|auxiliary-inputs|auxiliary-outputs)\/$/;

/** The objects with lines below a folder, sorted by key, one folder in memory at a time for each level. */
export async function* walk(folder: string, options: WalkOptions): AsyncGenerator<CaptureObject> {
  const { folders, objects } = await options.list(folder);
  const found = [...objects.filter(({ key }) => key.endsWith('.jsonl')), ...folders.filter((key) => !rawData.test(key) && !options.skips(key)).map((key) => ({ key, bytes: undefined }))];
  for (const { key, bytes } of found.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))) {
    if (bytes === undefined) yield* walk(key, options);
    else yield { key, bytes };
  }
}
