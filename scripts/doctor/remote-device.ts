import { FescueError } from '../../components/common/errors.ts';
import { lastLine, type Runner } from '../deploy/runner.ts';
import { bundleDoctor } from '../packaging/doctor-bundle.ts';
import type { DeviceFacts, DeviceRequest, ExamineDevice } from './device-facts.ts';
import { type DeviceLine, readLine } from './device-lines.ts';
import { type Access, accessTo, type FoundNode, isFit, nodesOn } from './find-node.ts';
import { runtimeCheck } from './device/checks/runtime.ts';
import { findSubject } from './subject.ts';
import { fail, notApplicable } from './verdict.ts';

export type RemoteOptions = {
  readonly runner: Runner;
  /** For people. */
  readonly host: string;
  readonly signal: AbortSignal;
  /** What the operator should know besides the results. */
  readonly tell: (text: string) => void;
};

/** All checks, with some that take their time. */
const examinationTimeoutMs = 5 * 60_000;

/**
 * Examines the machine of a runner: doctor's part for devices goes to a Node there on its standard input, so that nothing
 * is written there.
 *
 * @throws FescueError `unavailable` without a connection, `deadline-exceeded`, `cancelled` by the signal, `failed-precondition` when it does not work there
 */
export function remoteDevice(options: RemoteOptions): ExamineDevice {
  return async (request, onStart) => {
    const { host, signal } = options;
    try {
      return await examineOver(options, request, onStart);
    } catch (error) {
      if (signal.aborted) throw interrupted(host, error);
      throw error;
    }
  };
}

async function examineOver({ runner, host, signal, tell }: RemoteOptions, request: DeviceRequest, onStart: (name: string) => void): Promise<DeviceFacts> {
  const access = await accessTo(runner, { signal });
  if (signal.aborted) throw interrupted(host);
  if (access.unprivileged !== undefined) tell(`Not as root on ${host}: ${access.unprivileged}. Let sudo run there without a password for this user, or log in as root; what only root may read is not checked.`);
  const nodes = await nodesOn(access, request.root, { signal });
  if (signal.aborted) throw interrupted(host);
  const node = nodes.find(isFit);
  return node === undefined ? factsWithoutNode(host, nodes, request) : runBundle({ access, node, host, signal }, request, onStart);
}

type Place = { readonly access: Access; readonly node: FoundNode; readonly host: string; readonly signal: AbortSignal };

async function runBundle({ access, node, host, signal }: Place, request: DeviceRequest, onStart: (name: string) => void): Promise<DeviceFacts> {
  let last: (DeviceLine & { is: 'facts' | 'failure' }) | undefined;
  let clockAheadMs = 0;
  const onLine = (text: string): void => {
    const line = readLine(text);
    if (line?.is === 'check') onStart(line.check);
    if (line?.is === 'facts') clockAheadMs = line.now - Date.now();
    if (line?.is === 'facts' || line?.is === 'failure') last = line;
  };
  const { code, stderr } = await access.run([node.program, '--no-warnings', '-', JSON.stringify({ ...request, host })], { input: await bundleDoctor(), onLine, signal, timeoutMs: examinationTimeoutMs });
  if (last?.is === 'facts') return { ...last.facts, clockAheadMs };
  if (signal.aborted) throw interrupted(host);
  const reason = last?.message ?? (lastLine(stderr) || `it ended with exit code ${code}`);
  throw new FescueError('failed-precondition', `The checks do not run on ${host} with ${node.program} ${node.version}: ${reason}. See that this Node works there, and that there is memory for it.`);
}

function interrupted(host: string, cause?: unknown): FescueError {
  return new FescueError('cancelled', `The examination of ${host} was interrupted. Nothing is left there.`, { cause });
}

/** What is known of a device on which nothing can look: the account is checked all the same, by the names of the flags. */
function factsWithoutNode(host: string, nodes: readonly FoundNode[], { checks, flags }: DeviceRequest): DeviceFacts {
  const found = nodes.length === 0 ? 'there is none' : nodes.map(({ program, version }) => `${program} says ${version || 'nothing'}`).join(', ');
  const runtime = fail(`no Node of version 20 or newer was found on ${host}: ${found}`, `fescue deploy --to greengrass --host ${host} brings one with dev.fescue.Runtime; or install nodejs there, or name the Greengrass root with --root.`);
  return {
    subject: findSubject(flags, undefined, {}),
    agent: {},
    results: [...new Set([...checks, runtimeCheck.name])].map((name) => ({ name, verdict: name === runtimeCheck.name ? runtime : notApplicable(`waits for ${runtimeCheck.name}`) })),
  };
}
