import { mkdir, writeFile } from 'node:fs/promises';
import { shadowFileOf } from '../../scripts/local-nucleus/shadow-files.ts';
import { storeAt } from '../../scripts/local-nucleus/store.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A root of a local nucleus that does not run, with what devices have reported to it by name. */
export async function localReports(reported: Readonly<Record<string, unknown>>): Promise<string> {
  const root = await temporaryFolder();
  const { shadowFolder } = storeAt(root);
  await mkdir(shadowFolder);
  for (const [thing, report] of Object.entries(reported)) await writeLocalReport(root, thing, report);
  return root;
}

export async function writeLocalReport(root: string, thing: string, report: unknown): Promise<void> {
  const shadow = { shadow: 'fescue', version: 3, document: { state: { reported: report }, metadata: {} } };
  await writeFile(shadowFileOf(storeAt(root).shadowFolder, thing), JSON.stringify([shadow]));
}
