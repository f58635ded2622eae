import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../../../../components/common/errors.ts';
import { nucleusPid } from '../../../local-nucleus/background.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import type { DeviceContext, Nucleus, System } from '../device-view.ts';
import { asRoot, namesIn } from '../files.ts';
import { reach } from '../sockets.ts';

export const kindNames: Readonly<Record<Nucleus['kind'], string>> = { classic: 'the classic nucleus', lite: 'nucleus lite', local: "Fescue's local nucleus" };
/** In which versions the recipes of Fescue were tried. */
const leastMinor = 9;
const commandTimeoutMs = 10_000;

export const greengrassChecks: readonly Check<DeviceContext>[] = [
  {
    name: 'greengrass',
    title: 'Greengrass core software is installed',
    prerequisite: { step: '1', line: 7, says: 'Install the AWS IoT Greengrass Core software.' },
    meaning: 'Nothing can be deployed to this machine. Where it is no device, leave the checks of a device out with --cloud.',
    run: async ({ device: { nucleus, searched, system } }) => {
      if (nucleus === undefined) return fail(`no Greengrass in ${searched.join(', ')}`, `Install it by docs/devices/README.md, or name its root with --root.${system.host === undefined ? ' Where the device is another machine, name that with --host. To try Fescue without Greengrass: fescue nucleus start' : ''}`);
      return nucleus.problem ?? ok(`${kindNames[nucleus.kind]} in ${nucleus.root}`);
    },
  },
  {
    name: 'greengrass-running',
    title: 'Greengrass core software is running',
    prerequisite: { step: '1', line: 7, says: 'Install the AWS IoT Greengrass Core software.' },
    meaning: 'No component runs, and no deployment arrives.',
    after: ['greengrass'],
    run: async ({ device: { nucleus, system } }) => (nucleus === undefined ? notApplicable('no Greengrass') : runningVerdict(nucleus, system)),
  },
  {
    name: 'nucleus-version',
    title: 'The nucleus is of version 2',
    prerequisite: { step: 'note', line: 73, says: 'The integration works with Greengrass V2 only.' },
    meaning: 'Components of Greengrass V2 do not run there.',
    after: ['greengrass'],
    run: async ({ device: { nucleus } }) => versionVerdict(nucleus),
  },
];

function versionVerdict(nucleus: Nucleus | undefined): Verdict {
  if (nucleus?.kind === 'lite') return ok('nucleus lite, which there is for Greengrass V2 alone');
  if (nucleus?.configuration === undefined) return notApplicable('the configuration of the nucleus is not known');
  const { version } = nucleus.configuration;
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (version === undefined || major === undefined) return warning(`${nucleus.configurationFile} tells no version`, 'Restart the nucleus, which writes it: sudo systemctl restart greengrass');
  if (Number(major) < 2) return fail(version, 'Install Greengrass V2 by docs/devices/README.md.');
  if (Number(major) === 2 && Number(minor) < leastMinor) return warning(`${version}; Fescue was made for 2.${leastMinor} and newer`, 'Deploy a newer aws.greengrass.Nucleus to the device.');
  return ok(version);
}

const signs: Readonly<Record<Nucleus['kind'], (nucleus: Nucleus, system: System) => Promise<string | undefined>>> = {
  classic: async ({ root }, system) => ((await isActive(system, 'greengrass')) ? 'systemd runs the unit greengrass' : await javaProcess(root, system)),
  lite: async (_, system) => ((await isActive(system, 'greengrass-lite.target')) ? 'systemd runs greengrass-lite.target' : undefined),
  local: async ({ root }) => {
    const pid = await nucleusPid(root);
    return pid === undefined ? undefined : `process ${pid}`;
  },
};

const starts: Readonly<Record<Nucleus['kind'], (nucleus: Nucleus) => string>> = {
  classic: ({ root }) => `sudo systemctl start greengrass, or sudo ${root}/alts/current/distro/bin/loader; ${root}/logs/greengrass.log says why it ended`,
  lite: () => 'sudo systemctl start greengrass-lite.target; journalctl -u "ggl.core.*" says why it ended',
  local: ({ root }) => `fescue nucleus start --root ${root}`,
};

async function runningVerdict(nucleus: Nucleus, system: System): Promise<Verdict> {
  const sign = await signs[nucleus.kind](nucleus, system);
  if (sign !== undefined) return ok(sign);
  const reached = await reach(nucleus.ipcSocket);
  if (reached === 'open') return ok(`somebody answers at ${nucleus.ipcSocket}`);
  if (reached === 'denied') return warning(`could not check: ${nucleus.ipcSocket} is hidden from this user`, asRoot);
  return fail(`${kindNames[nucleus.kind]} in ${nucleus.root} does not run`, starts[nucleus.kind](nucleus));
}

async function isActive(system: System, unit: string): Promise<boolean> {
  return (await system.run(['systemctl', 'is-active', '--quiet', unit], { timeoutMs: commandTimeoutMs })).code === 0;
}

/** Where there is no systemd, the nucleus is a Java program that was told its root. */
async function javaProcess(root: string, { base }: System): Promise<string | undefined> {
  const pids = ((await namesIn(join(base, 'proc'))) ?? []).filter((name) => /^\d+$/.test(name));
  const pid = pids.find((one) => commandLine(join(base, 'proc', one)).includes(`-Droot=${root}`));
  return pid === undefined ? undefined : `process ${pid}`;
}

function commandLine(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'cmdline'), 'utf8').split('\0');
  } catch (error) {
    // It has ended meanwhile, or is another user's on a system that hides these.
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return [];
    throw error;
  }
}
