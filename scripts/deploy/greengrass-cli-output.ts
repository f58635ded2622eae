/** What greengrass-cli prints, read back. */
import type { ComponentStatus, DeploymentState, DeploymentStatus } from './target.ts';

const uuid = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const states: readonly string[] = ['QUEUED', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'CANCELED'];

/** The id in what `deployment create` prints; undefined when it holds none. */
export function parseCreated(stdout: string): string | undefined {
  return new RegExp(`Deployment Id: (${uuid})`, 'i').exec(stdout)?.[1];
}

/** What `deployment status` prints; undefined when it is something else. */
export function parseStatus(stdout: string): DeploymentStatus | undefined {
  const [, id, state] = new RegExp(`^(${uuid}): (\\w+)$`, 'm').exec(stdout) ?? [];
  if (id === undefined || state === undefined || !isState(state)) return undefined;
  return { id, state, reason: reasonOf(stdout), createdOn: valueOf(stdout, 'Created on') };
}

/** What `deployment list` prints, in its order. */
export function parseDeployments(stdout: string): DeploymentStatus[] {
  return stdout.split(/^(?=Deployment ID: )/m).flatMap((block) => {
    const id = valueOf(block, 'Deployment ID');
    const state = valueOf(block, 'Status');
    return id === undefined || state === undefined || !isState(state) ? [] : [{ id, state, createdOn: valueOf(block, 'Created on') }];
  });
}

/** What `component list` prints, in its order. */
export function parseComponents(stdout: string): ComponentStatus[] {
  return stdout.split(/^(?=Component Name: )/m).flatMap((block) => {
    const name = valueOf(block, 'Component Name');
    const version = valueOf(block, ' {4}Version');
    return name === undefined ? [] : [{ name, version: version === undefined || version === 'null' ? '' : version, state: valueOf(block, ' {4}State') ?? '' }];
  });
}

/** The most telling line of a Java program's complaint: the cause at the bottom of the chain. */
export function failureOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('at ') && !line.startsWith('... '));
  const cause = lines.findLast((line) => line.startsWith('Caused by: ')) ?? lines.find((line) => !line.startsWith('Suppressed: ')) ?? '';
  return cause.replace(/^Caused by: /, '').replace(/^(?:[\w$]+\.)+[\w$]+(?:Exception|Error): /, '');
}

function reasonOf(text: string): string | undefined {
  // The cause may go over several lines; nothing follows it.
  const cause = /^Deployment Failure Cause: (.+)$/ms.exec(text)?.[1]?.trim();
  const detail = [valueOf(text, 'Detailed Status'), valueOf(text, 'Deployment Error Stack')].filter((part) => part !== undefined).join(': ');
  return [cause, detail].filter((part) => part !== undefined && part !== '').join(' – ') || undefined;
}

function valueOf(text: string, key: string): string | undefined {
  return new RegExp(`^${key}: (.*)$`, 'm').exec(text)?.[1]?.trim();
}

function isState(text: string): text is DeploymentState {
  return states.includes(text);
}
