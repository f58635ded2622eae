import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FescueError, hasCode } from '../../components/common/errors.ts';

/** What a client of the nucleus's command-line interface connects with. */
export type CliInfo = { readonly token: string; readonly socketPath: string };

const infoFile = z.object({ cli_auth_token: z.string().min(1), domain_socket_path: z.string().min(1) });

/**
 * Reads what a nucleus has laid down for the command lines of this user, or of this user's group.
 *
 * @param root Greengrass root
 * @returns undefined when there is none: the nucleus has never run here, or has no command-line interface
 * @throws FescueError `failed-precondition` when there is one that may not be read or is damaged
 */
export async function readCliInfo(root: string): Promise<CliInfo | undefined> {
  const names = [`user-${process.geteuid?.() ?? 0}`, `group-${process.getegid?.() ?? 0}`];
  for (const name of names) {
    const path = join(root, 'cli_ipc_info', name);
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const parsed = infoFile.safeParse(jsonOf(text));
    if (!parsed.success) throw new FescueError('failed-precondition', `${path} is damaged: expected JSON with cli_auth_token and domain_socket_path. Restart the nucleus; it writes the file anew.`);
    return { token: parsed.data.cli_auth_token, socketPath: parsed.data.domain_socket_path };
  }
  return undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (!hasCode(error, 'EACCES')) throw error;
    throw new FescueError('failed-precondition', `${path} may not be read by this user. Run this as root, or name your group in AuthorizedPosixGroups of aws.greengrass.Cli.`, { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
