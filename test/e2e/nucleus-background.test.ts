import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureNucleus, stopNucleus } from '../../scripts/local-nucleus/background.ts';
import { listProcesses } from '../../scripts/local-nucleus/process-tree.ts';
import { commandLineClient, deployOverIpc } from '../helpers/command-line.ts';
import { isAlive } from '../helpers/processes.ts';
import { fescue, startFescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, writeFiles } from '../helpers/use-nucleus.ts';

/** A root whose nucleus is stopped when the test ends. */
async function useRoot(): Promise<string> {
  const root = join(await temporaryFolder(), 'root');
  onTestFinished(async () => void (await stopNucleus(root)));
  return root;
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended since it was listed.
    return '';
  }
};

const pidIn = (text: string): number => Number(/process (\d+)/.exec(text)?.[1]);

test('start, status and stop, each twice, and a start in a used root', async () => {
  const root = await useRoot();
  const first = await fescue('nucleus', 'start', '--root', root, '--thing-name', 'robot-1');
  expect(first).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/^The local nucleus, process \d+, serves in .*root\. Its log is .*greengrass\.log\.\n$/) as string });
  const pid = pidIn(first.stderr);
  expect(isAlive(pid)).toBe(true);
  expect(await fescue('nucleus', 'start', '--root', root)).toMatchObject({ code: 0, stderr: `The local nucleus of ${root} runs already, as process ${pid}.\n` });

  const client = await commandLineClient(root);
  const { recipeDir, artifactDir } = await writeFiles(await temporaryFolder(), { recipes: [recipeOf('one', { lifecycle: { run: 'echo $AWS_IOT_THING_NAME; exec sleep 1000' } })] });
  expect(await deployOverIpc(client, { recipeDirectoryPath: recipeDir, artifactsDirectoryPath: artifactDir, rootComponentVersionsToAdd: new Map([['one', '1.0.0']]) })).toMatchObject({ status: 'SUCCEEDED' });
  for (const _ of [1, 2]) {
    const { stdout, code } = await fescue('nucleus', 'status', '--root', root, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ root, pid, components: [{ name: 'one', version: '1.0.0', state: 'RUNNING' }], deployments: [{ status: 'SUCCEEDED' }] });
  }
  expect((await fescue('nucleus', 'status', '--root', root)).stdout).toMatch(/component +version +state\none +1\.0\.0 +RUNNING\n\ndeployment/);

  expect(await fescue('nucleus', 'stop', '--root', root)).toMatchObject({ code: 0, stderr: `The local nucleus, process ${pid}, is stopped.\n` });
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(join(root, 'cli_ipc_info'))).toBe(false);
  expect(await fescue('nucleus', 'stop', '--root', root)).toMatchObject({ code: 0, stderr: `No local nucleus runs in ${root}.\n` });
  expect(await fescue('nucleus', 'status', '--root', root)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: No local nucleus runs in/) as string });

  await fescue('nucleus', 'start', '--root', root, '--thing-name', 'robot-2');
  await eventually(async () => (await readFile(join(root, 'logs/one.log'), 'utf8')).includes('robot-2'), 'the component to come back');
});

test('one that was killed is taken over, also when its pid belongs to somebody else by now', async () => {
  const root = await useRoot();
  const { pid } = await ensureNucleus({ root });
  process.kill(pid, 'SIGKILL');
  await eventually(() => !isAlive(pid), 'its end');
  // Its credentials lie there still, and its pid is ours.
  const noted = JSON.parse(await readFile(join(root, 'running.json'), 'utf8')) as object;
  await writeFile(join(root, 'running.json'), JSON.stringify({ ...noted, pid: process.pid }));
  expect(await fescue('nucleus', 'status', '--root', root)).toMatchObject({ code: 1 });
  const again = await ensureNucleus({ root });
  expect(again.started).toBe(true);
  expect(again.pid).not.toBe(pid);
  expect(isAlive(again.pid)).toBe(true);
});

test('two that are started at once become one', async () => {
  const root = await useRoot();
  const both = await Promise.all([ensureNucleus({ root }), ensureNucleus({ root })]);
  expect(new Set(both.map(({ pid }) => pid)).size).toBe(1);
  expect(both.filter(({ started }) => started).length).toBe(1);
  await (await commandLineClient(root)).listComponents({});
  const processes = listProcesses().filter(({ pid }) => commandOf(pid).includes(root)).map(({ pid }) => pid);
  expect(processes).toEqual([both[0].pid]);
});

test('what keeps it from starting is told', async () => {
  const root = await useRoot();
  const missing = await fescue('nucleus', 'start', '--root', root, '--posix-user', 'no-such-user');
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: The nucleus could not be started below .*root: (There is no user no-such-user|Components cannot run as no-such-user).*Its log is .*greengrass\.log\.\n$/s) as string });
  expect(await fescue('nucleus', 'start', '--root', join(root, 'x'.repeat(100)))).toMatchObject({ code: 1, stderr: expect.stringMatching(/would have a path of \d+ bytes; clients can connect to up to 107\. Choose a shorter --root/) as string });
  expect(await fescue('nucleus', 'start', '--root', root, '--credential-life', 'long')).toMatchObject({ code: 2 });
});

test('in the foreground it says what happens, and ends with Ctrl-C', async () => {
  const root = await useRoot();
  const nucleus = startFescue('nucleus', 'run', '--root', root);
  await eventually(() => nucleus.output().stderr.includes('serves in'), 'it to serve');
  expect(await fescue('nucleus', 'run', '--root', root)).toMatchObject({ code: 1, stderr: expect.stringMatching(/Another local nucleus, process \d+, works in the same root/) as string });
  nucleus.process.kill('SIGINT');
  expect(await nucleus.done).toMatchObject({ code: 0 });
});
