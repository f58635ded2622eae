import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCliInfo } from '../../../scripts/deploy/cli-info.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const info = JSON.stringify({ cli_auth_token: 'A1B2', domain_socket_path: '/greengrass/v2/ipc.socket' });
const user = `user-${process.geteuid?.()}`;
const group = `group-${process.getegid?.()}`;

async function rootWith(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(join(root, 'cli_ipc_info'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, 'cli_ipc_info', name), text);
  return root;
}

test.each([user, group])('is read from %s', async (name) => {
  expect(await readCliInfo(await rootWith({ [name]: info }))).toEqual({ token: 'A1B2', socketPath: '/greengrass/v2/ipc.socket' });
});

test("is not read from others' files", async () => {
  expect(await readCliInfo(await rootWith({ 'user-4711': info, [`${user}0`]: info }))).toBeUndefined();
  expect(await readCliInfo('/no/such/root')).toBeUndefined();
});

test.each(['', '{"cli_auth_token": "SECRET"', '{"cli_auth_token": "SECRET"}', '[]'])('that is damaged is refused without its content: %j', async (text) => {
  const reading = readCliInfo(await rootWith({ [user]: text }));
  await expect(reading).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringContaining('is damaged') as string });
  await expect(reading).rejects.not.toThrow('SECRET');
});
