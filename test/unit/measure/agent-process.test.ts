import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processServing } from '../../../scripts/measure/agent-process.ts';
import { familyCpuMs } from '../../../scripts/measure/contenders.ts';
import { pathOfUrl } from '../../../scripts/measure/running-agent.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

async function listen(path: string): Promise<Server> {
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

test('the process behind a socket is found, by whatever path', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a socket');
  await listen(path);
  await symlink(folder, `${folder}-link`);
  onTestFinished(() => unlink(`${folder}-link`));
  expect(processServing(path)).toBe(process.pid);
  expect(processServing(`${folder}-link/a socket`)).toBe(process.pid);
});

test('nobody serves a file, or a path where nothing is', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file'), '');
  expect(processServing(join(folder, 'file'))).toBeUndefined();
  expect(processServing(join(folder, 'nothing'))).toBeUndefined();
});

test('CPU time is that of a process and those below it', async () => {
  const busy = 'while (process.cpuUsage().user < 100_000); process.stdin.resume(); process.stdout.write("done")';
  const parent = spawn(process.execPath, ['-e', `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(busy)}], { stdio: "inherit" })`], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void parent.stdin.end());
  await once(parent.stdout, 'data');
  expect(familyCpuMs([parent.pid ?? 0])).toBeGreaterThanOrEqual(100);
  expect(familyCpuMs([])).toBe(0);
});

test.each([
  ['/models/a.onnx', undefined, '/models/a.onnx'],
  ['file:///models/a%20b.onnx', undefined, '/models/a b.onnx'],
  ['../pump', process.pid, join(process.cwd(), '../pump')],
  ['../pump', undefined, undefined],
  ['../pump', 2 ** 22 + 1, undefined],
])('the url %s of an agent %s leads to %s', (url, pid, path) => {
  expect(pathOfUrl(url, pid)).toBe(path);
});
