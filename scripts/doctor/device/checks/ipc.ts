import type { Check, Verdict } from '../../check.ts';
import { fail, notApplicable, ok } from '../../verdict.ts';
import { modeText, userName } from '../accounts.ts';
import type { DeviceContext, Nucleus, System } from '../device-view.ts';
import { statusOf } from '../files.ts';
import { type Reachability, reach } from '../sockets.ts';

/** What connecting to a socket takes. */
const writeForAll = 0o002;

export const ipcCheck: Check<DeviceContext> = {
  name: 'ipc',
  title: 'Components reach the nucleus (Greengrass IPC)',
  meaning: 'Components get no configuration and publish nothing.',
  after: ['greengrass', 'greengrass-running'],
  run: async ({ device: { nucleus, system } }) => (nucleus === undefined ? notApplicable('no Greengrass') : ipcVerdict(nucleus, system)),
};

const refusals: Readonly<Record<Exclude<Reachability, 'open'>, string>> = {
  refused: 'nobody answers there',
  missing: 'it is missing',
  denied: 'this user may not connect',
  silent: 'it takes no connection in time',
};

async function ipcVerdict({ kind, root, ipcSocket }: Nucleus, system: System): Promise<Verdict> {
  const restart = kind === 'classic' ? 'sudo systemctl restart greengrass' : kind === 'lite' ? 'sudo systemctl restart greengrass-lite.target' : `fescue nucleus stop --root ${root}, and start again`;
  const status = await statusOf(ipcSocket);
  if (status === undefined) return fail(`${ipcSocket} is missing`, `Restart the nucleus: ${restart}`);
  if (!status.isSocket()) return fail(`${ipcSocket} is no socket`, `Move it away and restart the nucleus: ${restart}`);
  const described = `${ipcSocket}, of ${userName(system, status.uid)}, ${modeText(status.mode)}`;
  const outcome = await reach(ipcSocket);
  if (outcome === 'refused' || outcome === 'silent') return fail(`${described}: ${refusals[outcome]}`, `Restart the nucleus: ${restart}`);
  if ((status.mode & writeForAll) === 0) return fail(`${described}: not every component may connect`, `Restart the nucleus, which sets the mode: ${restart}`);
  return outcome === 'open' ? ok(described) : fail(`${described}: ${refusals[outcome]}`, 'See the modes of the folders above it.');
}
