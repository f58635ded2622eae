import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentStatus } from '../../scripts/deploy/target.ts';
import { listenTo, runFescue } from './fescue.ts';

const tokenExchange = 'aws.greengrass.TokenExchangeService';

/** What is missing for the suite to run on the classic nucleus of a root; undefined when nothing is. */
export async function missingAt(root: string | undefined): Promise<string | undefined> {
  if (root === undefined || root === '') return 'GG_ROOT does not name the root of a Greengrass nucleus, such as /greengrass/v2';
  if (process.getuid?.() !== 0) return 'it ends processes of other users and reads their files; run it as root (sudo -E)';
  if (!existsSync(join(root, 'bin/greengrass-cli'))) return `there is no ${join(root, 'bin/greengrass-cli')}; deploy aws.greengrass.Cli`;
  const { code, stdout, stderr } = await runFescue('deploy', '--status', '--json', '--to', 'greengrass', '--root', root);
  if (code !== 0) return `the nucleus does not answer: ${stderr.trim()}`;
  const names = (JSON.parse(stdout) as { components: ComponentStatus[] }).components.map(({ name }) => name);
  const ours = names.filter((name) => name.startsWith('dev.fescue.'));
  if (ours.length > 0) return `it would replace and remove what is deployed: ${ours.join(', ')}; remove these first`;
  if (!names.includes(tokenExchange) && !(await isProvisioned(root)) && !(await isInStore(root))) return `the device is not provisioned, and its store has no recipe of ${tokenExchange}; deploy one`;
  return deafness(root);
}

/** Why nothing can be heard of local topics. */
async function deafness(root: string): Promise<string | undefined> {
  const results = listenTo({ to: 'greengrass', root });
  const hears = await results.says(/Listening on/);
  await results.close();
  return hears ? undefined : `local topics cannot be listened to, which a deployment before may have cost; restart the nucleus: ${results.messages.trim()}`;
}

/** Whether the device can ask the cloud for components. */
async function isProvisioned(root: string): Promise<boolean> {
  return /^ +thingName: *"?[\w:-]/m.test(await readFile(join(root, 'config/effectiveConfig.yaml'), 'utf8').catch(() => ''));
}

async function isInStore(root: string): Promise<boolean> {
  const folder = join(root, 'packages/recipes');
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(names.filter((name) => !name.endsWith('.metadata.json')).map(async (name) => readFile(join(folder, name), 'utf8')));
  return texts.some((text) => new RegExp(`ComponentName"?: *"?${tokenExchange.replaceAll('.', '\\.')}\\b`, 'i').test(text));
}
