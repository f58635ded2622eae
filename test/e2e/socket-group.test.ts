import { spawnSync } from 'node:child_process';
import { chown, chmod } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';

type User = { id: number; groups: number[] };

/** Numbers that no system gives. The agent and one client share a group, the other client is in none. */
const group = 61_100;
const users = { agent: { id: 61_001, groups: [group] }, member: { id: 61_002, groups: [group] }, stranger: { id: 61_003, groups: [] } } satisfies Record<string, User>;

/** The command as another user runs it. */
function as({ id, groups }: User): (command: readonly string[]) => [string, ...string[]] {
  return (command) => ['setpriv', '--reuid', String(id), '--regid', String(id), ...(groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')]), ...command];
}

function run(user: User, ...command: string[]): { code: number | null; output: string } {
  const [program, ...args] = as(user)(command);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  return { code: status, output: `${stdout}${stderr}` };
}

const list = (user: User, { socketPath }: RunningAgent): { code: number | null; output: string } => run(user, process.execPath, resolve('scripts/fescue.ts'), 'predict', 'list', '--socket', socketPath);

/** It takes root to run something as others, and a checkout that others may read. */
const canBeOthers = process.getuid?.() === 0 && run(users.stranger, process.execPath, resolve('scripts/fescue.ts'), '--help').code === 0;

async function useAgentOf(user: User): Promise<RunningAgent> {
  const folder = await temporaryFolder();
  await chown(folder, user.id, user.id);
  await chmod(folder, 0o755);
  return useAgent({ folder, args: ['--unix-socket-group', String(group), '--unix-socket-mode', '0660'], wrap: as(user) });
}

test('whoever is in the group of the socket reaches an agent without privileges, and nobody else does', async () => {
  if (!canBeOthers) {
    const agent = await useAgent({ args: ['--unix-socket-group', String(process.getgid?.()), '--unix-socket-mode', '0660'] });
    expect(statSync(agent.socketPath)).toMatchObject({ uid: process.getuid?.(), gid: process.getgid?.() });
    return;
  }
  const agent = await useAgentOf(users.agent);
  expect(statSync(agent.socketPath)).toMatchObject({ uid: users.agent.id, gid: group });
  expect(list(users.member, agent)).toMatchObject({ code: 0 });
  expect(list(users.agent, agent)).toMatchObject({ code: 0 });
  const refused = list(users.stranger, agent);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(`This user may not connect to the agent on ${agent.socketPath}: that takes write permission on the socket. Make it a member of the socket's group (UnixSocketGroup of the agent)`);
  expect(refused.output).not.toMatch(/\n\s+at /);
});

test('a component of another user classifies all the same: its tensors go as bytes, not in shared memory', async () => {
  const isOther = canBeOthers;
  const agent = isOther ? await useAgentOf(users.agent) : await useAgent();
  const flags = { 'unix-socket-name': agent.socketPath, 'model-path': samplePackage, 'image-directory': photoFolder, 'image-name': 'dog.jpg', 'inference-interval': 0.2 };
  const component = useInference(flags, isOther ? { wrap: as(users.member), cwd: '/' } : {});
  await eventually(() => component.results().length > 1, 'results');
  expect(component.results()[0]).toMatchObject({ 'inference-results': [{ Label: 'German shepherd' }] });
  const warnings = component.logged().filter(({ msg }) => /shared memory cannot be used with this agent/.test(String(msg)));
  expect(warnings).toHaveLength(isOther ? 1 : 0);
});
