/** What ggl-cli, systemctl and the journal of nucleus lite say, read back. */
import type { ComponentStatus, DeploymentState } from './target.ts';

/** The properties `parseUnits` needs of `systemctl show`. */
export const unitProperties = ['Id', 'LoadState', 'ActiveState', 'SubState', 'Result', 'NRestarts', 'MainPID', 'InactiveEnterTimestampMonotonic', 'ExecStart'] as const;

/** The id that `ggl-cli deploy` logs; undefined when there is none. */
export function parseLiteCreated(stderr: string): string | undefined {
  return /Deployment id: (\S+?)\.?$/m.exec(stderr)?.[1];
}

/** The cursor that `journalctl --show-cursor` prints; undefined for an empty journal. */
export function parseCursor(stdout: string): string | undefined {
  return /^-- cursor: (.+)$/m.exec(stdout)?.[1];
}

export type Verdict = { readonly state: DeploymentState; readonly reason?: string | undefined; readonly blamed?: string | undefined };

type Line = { readonly level: string; readonly text: string };

/**
 * How a deployment stands, from what the deployment service logged since it was handed over. The service works on one
 * deployment after another. It names them when it logs for debugging or with a trail; else ours is the first that begins.
 *
 * @param log lines such as `I[ggdeploymentd] deployment_handler.c:4243: Processing incoming deployment.`
 */
export function parseVerdict(log: string, id: string): Verdict {
  const begun = deploymentsIn(log.split('\n').map(messageOf));
  const ours = begun.find((lines) => namesIn(lines).includes(id)) ?? begun.find((lines) => namesIn(lines).length === 0);
  if (ours === undefined) return { state: 'QUEUED' };
  const end = ours.at(-1)?.text ?? '';
  if (!isEnd(end)) return { state: 'IN_PROGRESS' };
  if (end.includes('SUCCEEDED')) return { state: 'SUCCEEDED' };
  const errors = ours.slice(ours.findIndex(isBegin)).filter(({ level, text }) => level === 'E' && !isHarmless(text)).map(({ text }) => text);
  return { state: 'FAILED', reason: errors.join(' ') || undefined, blamed: errors.map(componentIn).find((name) => name !== undefined) };
}

/** The lines up to each end; without those of a deployment that began before the first line. */
function deploymentsIn(lines: readonly Line[]): Line[][] {
  const deployments: Line[][] = [[]];
  for (const line of lines) {
    deployments.at(-1)?.push(line);
    if (isEnd(line.text)) deployments.push([]);
  }
  return deployments.filter((one) => one.some(isBegin));
}

function isBegin({ text }: Line): boolean {
  return text === 'Processing incoming deployment.';
}

function isEnd(text: string): boolean {
  return text.startsWith('Completed deployment');
}

function namesIn(lines: readonly Line[]): string[] {
  return lines.flatMap(({ text }) => /^(?:trace_start: deployment_jobs job_id=|Writing )(\S+)(?:$| to \S+\/configArn$)/.exec(text)?.[1] ?? []);
}

/** Of every local deployment without a connection to AWS; the service then goes by what it knows. */
function isHarmless(text: string): boolean {
  return text.startsWith('The listThingGroupsForCoreDevice call failed');
}

function messageOf(line: string): Line {
  const [, level = '', text = ''] = /^(?:<\d>)?([EWIDT])\[[^\]]*\] (?:\[[^\]]*\]|\S+:\d+:) (.*)$/.exec(line) ?? [];
  return { level, text };
}

function componentIn(text: string): string | undefined {
  const [, name] = /^(\S+) is broken\.$/.exec(text) ?? /^Failed waiting for (\S+)$/.exec(text) ?? /for component (\S+),/.exec(text) ?? [];
  return name?.replace(/\.(install|bootstrap)$/, '');
}

type Unit = Readonly<Partial<Record<(typeof unitProperties)[number], string>>>;

/**
 * Whether a line of a component's journal is of the program that starts its steps, and tells no fault. Nucleus lite logs
 * twenty such lines for each step when it was built without a log level; two of them warn that there is no proxy.
 */
export function isRunnerChatter(line: string): boolean {
  const [, level, text] = /^\S+ \S+ [^ :]+: ([WIDT])\[(?:gg-sdk|ggl-[\w-]+|recipe-runner)\] (.*)$/.exec(line) ?? [];
  return level !== undefined && (level !== 'W' || text?.endsWith('Requested configuration could not be found: Key not found.') === true);
}

/** The components among the units that `systemctl show` printed, as nucleus lite's health service would call their states. */
export function parseUnits(stdout: string): ComponentStatus[] {
  const units = stdout.split(/\n{2,}/).map(parseBlock).filter(({ Id, LoadState }) => Id !== undefined && LoadState !== 'not-found');
  const byName = Map.groupBy(units, ({ Id = '' }) => componentOf(Id) ?? '');
  byName.delete('');
  return [...byName].map(([name, ofName]) => ({ name, version: ofName.map(versionOf).find((version) => version !== '') ?? '', state: stateOf(ofName) })).toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function parseBlock(block: string): Unit {
  return Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

function componentOf(unit: string): string | undefined {
  const [, name] = /^ggl\.(?!core\.)(.+?)(?:\.(?:install|bootstrap))?\.service$/.exec(unit) ?? [];
  return name;
}

/** The recipe runner is started with the version of the recipe. */
function versionOf({ ExecStart = '' }: Unit): string {
  return / -v (\S+)/.exec(ExecStart)?.[1] ?? '';
}

function stateOf(units: readonly Unit[]): string {
  const steps = units.filter(({ Id = '' }) => /\.(install|bootstrap)\.service$/.test(Id));
  const failed = steps.find(({ ActiveState }) => ActiveState === 'failed');
  const main = units.find((unit) => !steps.includes(unit));
  if (failed !== undefined) return 'BROKEN';
  if (main !== undefined) return stateOfMain(main);
  return steps.every(({ ActiveState, Result }) => Result === 'success' && (ActiveState === 'active' || ActiveState === 'inactive')) ? 'INSTALLED' : 'NEW';
}

const activeStates: Readonly<Record<string, string>> = {
  activating: 'STARTING',
  active: 'RUNNING',
  reloading: 'RUNNING',
  deactivating: 'STOPPING',
  // systemd has given up to start it again.
  failed: 'BROKEN',
};

function stateOfMain({ ActiveState = '', Result, NRestarts, InactiveEnterTimestampMonotonic: ended }: Unit): string {
  const state = activeStates[ActiveState];
  if (state !== undefined) return state;
  if (ended === '0') return 'INSTALLED';
  if (Number(NRestarts) >= 3) return 'BROKEN';
  return Result === 'success' ? 'FINISHED' : 'ERRORED';
}
