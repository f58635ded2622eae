import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const script = resolve('components/common/stop.sh');

function stop(cwd: string, seconds: number): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync('sh', [script, String(seconds)], { cwd, encoding: 'utf8', timeout: 20_000 });
  return { status, stderr };
}

/** A process that does something on SIGTERM, once it is ready for that. */
async function processIn(cwd: string, onTerm: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', `trap '${onTerm}' TERM; echo ready; while true; do sleep 0.05; done`], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('the main process is asked to end and waited for', async () => {
  const folder = await temporaryFolder();
  const child = await processIn(folder, 'sleep 1; touch done; exit 0');
  await writeFile(join(folder, '.pid'), `${child.pid}\n`);
  // Asynchronously, for else nobody takes the end of the child.
  const stopping = spawn('sh', [script, '15'], { cwd: folder, stdio: 'inherit' });
  expect(await once(stopping, 'exit')).toEqual([0, null]);
  expect(existsSync(join(folder, 'done'))).toBe(true);
  expect(child.exitCode).toBe(0);
});

test('one that does not end is left to the nucleus, in time and without an error', async () => {
  const folder = await temporaryFolder();
  const child = await processIn(folder, ':');
  await writeFile(join(folder, '.pid'), `${child.pid}\n`);
  expect(stop(folder, 1)).toEqual({ status: 0, stderr: `stop.sh: process ${child.pid} did not end within 1 s; the nucleus ends it\n` });
  expect(child.exitCode).toBeNull();
});

test.each(['', 'none\n', '12 34\n', '-1\n', '999999999\n'])('there is nothing to do for the number %j', async (content) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, '.pid'), content);
  expect(stop(folder, 5)).toEqual({ status: 0, stderr: '' });
});

test('there is nothing to do where nothing was run', async () => {
  expect(stop(await temporaryFolder(), 5)).toEqual({ status: 0, stderr: '' });
});

test('a process of somebody else who got the number is left alone', async () => {
  const [folder, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
  const child = await processIn(elsewhere, 'exit 3');
  await writeFile(join(folder, '.pid'), `${child.pid}\n`);
  expect(stop(folder, 5)).toEqual({ status: 0, stderr: '' });
  await new Promise((done) => setTimeout(done, 200));
  expect(child.exitCode).toBeNull();
});
