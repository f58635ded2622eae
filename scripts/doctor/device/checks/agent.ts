import { healthNameOf } from '../../../../components/agent/health.ts';
import { FescueError } from '../../../../components/common/errors.ts';
import { productVersion } from '../../../../components/common/version.ts';
import { componentNames } from '../../../packaging/recipes.ts';
import type { Check, Verdict } from '../../check.ts';
import { splitMessage } from '../../split-message.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import { groupName, modeText, userName } from '../accounts.ts';
import { healthAt, modelsAt } from '../ask-agent.ts';
import type { DeviceContext, DeviceView } from '../device-view.ts';
import { asRoot, statusOf } from '../files.ts';
import { reach } from '../sockets.ts';
import { targetFlags } from '../target-flags.ts';

const patience = { timeoutMs: 5_000 };

export const agentChecks: readonly Check<DeviceContext>[] = [
  {
    name: 'socket',
    title: "The agent's socket is there, with the owner and mode of its settings",
    meaning: 'Clients cannot connect, or some that should not can.',
    after: ['runtime'],
    run: async ({ device }) => socketVerdict(device),
  },
  {
    name: 'agent',
    title: 'The agent answers that it is healthy',
    meaning: 'The agent hangs, stops, or is of another release than the other components.',
    after: ['socket'],
    run: async ({ device }) => agentVerdict(device),
  },
  {
    name: 'models',
    title: 'Models are loaded and serve',
    meaning: 'Predictions are refused.',
    after: ['socket', 'agent'],
    run: async ({ device }) => modelsVerdict(device),
  },
];

async function socketVerdict(device: DeviceView): Promise<Verdict> {
  const { socket: { path }, agent, system } = device;
  const absence = await absenceOf(device);
  if (absence !== undefined) return absence;
  const status = await statusOf(path);
  const logs = `${logsOf(device)} says why the agent does not serve`;
  if (status === undefined) return fail(`${path} is missing`, `${logs}; deploy it again with fescue deploy${targetFlags(device)}`);
  if (!status.isSocket()) return fail(`${path} is no socket`, 'Move it away, and restart the agent.');
  const described = `${path}, ${userName(system, status.uid)}:${groupName(system, status.gid)}, ${modeText(status.mode)}`;
  const reached = await reach(path);
  if (reached === 'refused' || reached === 'missing') return fail(`${described}: nobody answers there, a dead agent left it`, `${logs}; the next start replaces it.`);
  const wrong = agent.component === undefined ? undefined : accessProblem(status, agent.settings, system);
  if (wrong !== undefined) return fail(`${described}; ${wrong}`, `Restart the agent, which sets both: fescue deploy${targetFlags(device)}`);
  if (reached === 'denied') return warning(`${described}: this user may not connect`, status.gid === 0 ? `${asRoot} For clients, set UnixSocketGroup of the agent to a group of theirs.` : `sudo usermod -aG ${groupName(system, status.gid)} <user>, and log in again; or run fescue doctor as root.`);
  return ok(described);
}

/** Why the agent is not to be asked; what to do about that is said once, by the check of the socket. */
async function silenceOf(device: DeviceView): Promise<string | undefined> {
  return (await absenceOf(device))?.found ?? ((await reach(device.socket.path)) === 'denied' ? 'this user may not connect to the agent' : undefined);
}

/** Why there is no agent to be asked, when that is in order or told by another check. */
async function absenceOf(device: DeviceView): Promise<Verdict | undefined> {
  const { socket: { path, isExpected }, agent, nucleus } = device;
  if (!isExpected && nucleus !== undefined && nucleus.configuration?.components === undefined) return notApplicable('whether an agent is deployed here is not known', asRoot);
  if (!isExpected) return notApplicable('no agent is deployed here', `fescue deploy${targetFlags(device)}, or name its socket with --socket`);
  if (nucleus === undefined || agent.component === undefined || (await statusOf(path)) !== undefined) return undefined;
  return (await reach(nucleus.ipcSocket)) === 'open' ? undefined : notApplicable('the nucleus that runs the agent is stopped');
}

function accessProblem({ mode, gid }: { mode: number; gid: number }, { UnixSocketMode, UnixSocketGroup }: DeviceView['agent']['settings'], system: DeviceView['system']): string | undefined {
  const wanted = Number.parseInt(UnixSocketMode, 8);
  if ((mode & 0o777) !== wanted) return `expected the mode ${modeText(wanted)} (UnixSocketMode)`;
  const isGroup = UnixSocketGroup === '' || UnixSocketGroup === String(gid) || UnixSocketGroup === groupName(system, gid);
  return isGroup ? undefined : `expected the group ${UnixSocketGroup} (UnixSocketGroup)`;
}

async function agentVerdict(device: DeviceView): Promise<Verdict> {
  const { socket: { path }, agent } = device;
  const silence = await silenceOf(device);
  if (silence !== undefined) return notApplicable(silence);
  const health = await healthAt(path, patience).catch(refusalOf);
  if (health instanceof FescueError) {
    if (health.kind === 'unimplemented') return warning(`${path} answers, but tells no health`, 'Deploy dev.fescue.EdgeAgent in place of the original agent: docs/migration.md.');
    return fail(`${path}: ${splitMessage(health.message).problem}`, `${logsOf(device)} says more; kill the agent when it hangs, its nucleus starts it again.`);
  }
  const status = health.get('') ?? 'SERVICE_UNKNOWN';
  if (status !== 'SERVING') return fail(status, 'It is stopping, or about to: wait, and look at its log.');
  const version = agent.component?.version;
  if (version !== undefined && releaseOf(version) !== releaseOf(productVersion)) return warning(`SERVING; it is ${version}, and this is ${productVersion}`, 'Deploy the agent of this release, or use the fescue of its own.');
  return ok(version === undefined ? 'SERVING' : `SERVING, ${version}`);
}

async function modelsVerdict(device: DeviceView): Promise<Verdict> {
  const { path } = device.socket;
  const silence = await silenceOf(device);
  if (silence !== undefined) return notApplicable(silence);
  const models = await modelsAt(path, patience);
  if (models.length === 0) return warning('no model is loaded', `fescue predict load <package> <alias> --socket ${path}; the inference component loads its own.`);
  const health = await healthAt(path, patience).catch(refusalOf);
  const down = health instanceof FescueError ? [] : models.filter(({ name }) => health.get(healthNameOf(name)) === 'NOT_SERVING');
  if (down.length > 0) return fail(`${down.map(({ name }) => name).join(', ')}: NOT_SERVING, the worker is being started again`, `If it stays so, see ${logsOf(device)}, and fescue inspect of the package.`);
  return ok(models.map(({ name, url }) => `${name} (${url})`).join(', '));
}

function logsOf(device: DeviceView): string {
  return `fescue logs ${componentNames.agent}${targetFlags(device)}`;
}

function refusalOf(error: unknown): FescueError {
  if (error instanceof FescueError) return error;
  throw error;
}

/** Patch versions go together. */
function releaseOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
