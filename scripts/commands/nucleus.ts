import { resolve as absolute, join } from 'node:path';
import { Command } from 'commander';
import { FescueError } from '../../components/common/errors.ts';
import { connectLocalNucleus, localRoot } from '../deploy/local-target.ts';
import type { ComponentStatus } from '../deploy/target.ts';
import { ensureNucleus, nucleusPid, stopNucleus } from '../local-nucleus/background.ts';
import { maxSocketPathBytes } from '../local-nucleus/ipc-server.ts';
import { LocalNucleus } from '../local-nucleus/nucleus.ts';
import { storeAt } from '../local-nucleus/store.ts';
import { aborted, interruption, progress } from './components-run.ts';
import { addNucleusOptions, credentialsFrom, type NucleusCommandOptions, printEvent } from './nucleus-options.ts';
import { formatPairs, formatTable } from './table.ts';

type RootOption = { root: string };
type StartOptions = NucleusCommandOptions & RootOption & { posixUser?: string; notifyComponents?: true };

/** A local nucleus that stays: its components come back with it. */
export function nucleusCommand(): Command {
  const command = new Command('nucleus').description('Run a local nucleus that stays, and takes deployments as a device does.').addHelpText(
    'after',
    `
Examples:
  fescue nucleus start
  fescue nucleus status
  fescue nucleus stop
  fescue nucleus run --root /tmp/nucleus --thing-name robot-1`,
  );
  addStartOptions(command.command('run').description('Run it in the foreground, until Ctrl-C.'))
    .option('--quiet', 'print nothing but failures; the log files have the rest')
    .action(runNucleus);
  addStartOptions(command.command('start').description('Start it in the background, unless it runs already; it is ready when this returns.')).action(startNucleus);
  addRoot(command.command('stop').description('End it in the background, after its components.')).action(endNucleus);
  addRoot(command.command('status').description('Whether it runs, and which components and deployments it has.')).option('--json', 'print JSON').action(showNucleus);
  return command;
}

function addRoot(command: Command): Command {
  return command.option('--root <folder>', 'Greengrass root; everything lies below it', localRoot);
}

function addStartOptions(command: Command): Command {
  return addNucleusOptions(addRoot(command))
    .option('--posix-user <user[:group]>', 'user the components run as; takes a nucleus that runs as root. Default: the own user')
    .option('--notify-components', 'ask subscribed components before each deployment, as a cloud deployment does');
}

async function runNucleus(options: StartOptions & { quiet?: true }): Promise<void> {
  const signal = interruption(() => options.quiet ?? progress('Stopping …'));
  const nucleus = new LocalNucleus({
    root: checkedRoot(options.root),
    environment: process.env,
    thingName: options.thingName,
    region: options.region,
    credentials: credentialsFrom(options),
    posixUser: options.posixUser,
    notifyComponents: options.notifyComponents,
    onEvent: (event) => options.quiet ?? printEvent(event, false),
  });
  try {
    await nucleus.start();
    if (options.quiet !== true) progress(`The local nucleus serves in ${nucleus.root}. Ctrl-C ends it.`);
    await aborted(signal);
  } finally {
    await nucleus.stop();
  }
}

async function startNucleus(options: StartOptions): Promise<void> {
  const root = checkedRoot(options.root);
  // Said here rather than in a log.
  credentialsFrom(options);
  const { pid, started } = await ensureNucleus({ ...options, root });
  progress(started ? `The local nucleus, process ${pid}, serves in ${root}. Its log is ${storeAt(root).log('greengrass')}.` : `The local nucleus of ${root} runs already, as process ${pid}.`);
}

async function endNucleus({ root }: RootOption): Promise<void> {
  const pid = await stopNucleus(root);
  progress(pid === undefined ? `No local nucleus runs in ${absolute(root)}.` : `The local nucleus, process ${pid}, is stopped.`);
}

type Status = { root: string; pid: number; components: readonly ComponentStatus[]; deployments: { id: string; status: string; createdOn: string }[] };

async function showNucleus({ root: given, json }: RootOption & { json?: true }): Promise<void> {
  const root = absolute(given);
  const pid = await nucleusPid(root);
  if (pid === undefined) throw new FescueError('not-found', `No local nucleus runs in ${root}. Start one with fescue nucleus start, or name its --root.`);
  const status = await askStatus(root, pid);
  process.stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status));
}

async function askStatus(root: string, pid: number): Promise<Status> {
  const ipc = await connectLocalNucleus(root);
  try {
    const components = await ipc.listComponents();
    const deployments = await ipc.listDeployments();
    return { root, pid, components, deployments: deployments.map(({ id, state, createdOn = '' }) => ({ id, status: state, createdOn })) };
  } finally {
    await ipc.close();
  }
}

function statusText({ root, pid, components, deployments }: Status): string {
  const componentRows = components.map(({ name, version, state }) => [name, version, state]);
  const deploymentRows = deployments.map(({ id, status, createdOn }) => [id, status, createdOn]);
  return [
    formatPairs([['root', root], ['process', String(pid)], ['logs', join(root, 'logs')]]),
    ...(componentRows.length === 0 ? [] : ['\n', formatTable([{ title: 'component' }, { title: 'version' }, { title: 'state' }], componentRows)]),
    ...(deploymentRows.length === 0 ? [] : ['\n', formatTable([{ title: 'deployment' }, { title: 'status' }, { title: 'created' }], deploymentRows)]),
  ].join('');
}

/** @throws FescueError `invalid-argument` for a root so long that no client could reach its IPC socket */
function checkedRoot(given: string): string {
  const { root, ipcSocket } = storeAt(absolute(given));
  const bytes = Buffer.byteLength(ipcSocket);
  if (bytes <= maxSocketPathBytes) return root;
  throw new FescueError('invalid-argument', `The IPC socket ${ipcSocket} would have a path of ${bytes} bytes; clients can connect to up to ${maxSocketPathBytes}. Choose a shorter --root.`);
}
