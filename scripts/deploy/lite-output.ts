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

/**
 * How a deployment stands, from what the deployment service logged since it was handed over. The service works on one
 * deployment after another and names them only in builds with a log trail, so ours is the first that begins.
 *
 * @param log lines such as `I[ggdeploymentd] deployment_handler.c:4243: Processing incoming deployment.`
 */
export function parseVerdict(log: string, id: string): Verdict {
  const lines = log.split('\n').map(messageOf);
  const named = lines.findIndex(({ text }) => text.startsWith('trace_start: deployment_jobs') && text.includes(id));
  const begun = lines.findIndex(({ text }, index) => index >= named && text === 'Processing incoming deployment.');
  if (begun === -1) return { state: 'QUEUED' };
  const end = lines.findIndex(({ text }, index) => index > begun && text.startsWith('Completed deployment'));
  if (end === -1) return { state: 'IN_PROGRESS' };
  if (lines[end]?.text.includes('SUCCEEDED') === true) return { state: 'SUCCEEDED' };
  const errors = lines.slice(begun, end).filter(({ level }) => level === 'E').map(({ text }) => text);
  return { state: 'FAILED', reason: errors.join(' ') || undefined, blamed: errors.map(componentIn).find((name) => name !== undefined) };
}

function messageOf(line: string): { level: string; text: string } {
  const [, level = '', text = ''] = /^(?:<\d>)?([EWIDT])\[[^\]]*\] (?:\[[^\]]*\]|\S+:\d+:) (.*)$/.exec(line) ?? [];
  return { level, text };
}

function componentIn(text: string): string | undefined {
  const [, name] = /^(\S+) is broken\.$/.exec(text) ?? /^Failed waiting for (\S+)$/.exec(text) ?? /for component (\S+),/.exec(text) ?? [];
  return name?.replace(/\.(install|bootstrap)$/, '');
}

type Unit = Readonly<Partial<Record<(typeof unitProperties)[number], string>>>;

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
