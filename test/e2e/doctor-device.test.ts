import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, open, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import { connectCliClient } from '../../scripts/deploy/cli-ipc.ts';
import { readCliInfo } from '../../scripts/deploy/cli-info.ts';
import type { DeploymentRequest } from '../../scripts/local-nucleus/deployment.ts';
import { listProcesses } from '../../scripts/local-nucleus/process-tree.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { complaints, examine, type Examined, urlOf } from '../helpers/doctor-report.ts';
import { fescue } from '../helpers/run-command.ts';
import { authority, chainOf, moments } from '../helpers/signing.ts';
import { startCamera, type Camera } from '../helpers/start-camera.ts';
import { samplePackage } from '../helpers/use-inference.ts';

const agent = componentNames.agent;

describe('on a device where the components run', { timeout: 180_000 }, () => {
  let camera: Camera;
  let clock: Server;
  let clockOffMs = 0;

  beforeAll(async () => {
    clock = createServer((_, response) => response.setHeader('date', new Date(Date.now() + clockOffMs).toUTCString()).end());
    clock.listen(0, 'localhost');
    await once(clock, 'listening');
    camera = await startCamera();
  }, 180_000);

  afterAll(async () => {
    await camera?.stop();
    clock?.close();
  }, 60_000);

  /** Time is what the test says, and synchronised. */
  const underTheClock = (): void => {
    vi.stubEnv('AWS_ENDPOINT_URL_STS', urlOf(clock));
    vi.stubEnv('PATH', `${join(camera.folder, 'bin')}:${process.env['PATH'] ?? ''}`);
    onTestFinished(() => void vi.unstubAllEnvs());
  };
  const here = async (...args: string[]): Promise<Examined> => {
    underTheClock();
    return examine('--device', '--root', camera.root, ...args);
  };
  const agentPid = (): number => {
    const found = listProcesses().find(({ pid }) => commandOf(pid).includes(`${camera.root}/work/${agent}/agent.cjs`));
    if (found === undefined) throw new Error('the agent does not run');
    return found.pid;
  };
  const change = async (merge: Record<string, number>): Promise<void> => {
    const request: DeploymentRequest = { add: {}, remove: [], configuration: { [agent]: { MERGE: merge } }, runWith: {}, failurePolicy: 'DO_NOTHING', notifyComponents: false };
    expect(await camera.nucleus.submit(request).done).toMatchObject({ status: 'SUCCEEDED' });
  };

  test('everything is right, and the names are those of the device', async () => {
    const examined = await here();
    expect(complaints(examined)).toEqual({});
    expect(examined.code).toBe(0);
    const { subject, nucleus: found, checks } = examined.report;
    expect(subject).toMatchObject({ thing: { value: 'camera-4', origin: join(camera.root, 'state.json') }, fleet: { value: 'lobby', origin: `DeviceFleetName of ${agent}` }, region: { value: 'eu-west-1' } });
    expect(found).toMatchObject({ kind: 'local', root: camera.root });
    expect(checks.filter(({ status }) => status === 'n.a.').map(({ name }) => name)).toEqual(['device-role-alias']);
    expect(checks.find(({ name }) => name === 'credentials')?.found).toMatch(/^made-up ones of the local nucleus/);
    expect(checks.find(({ name }) => name === 'models')?.found).toMatch(/^efficientnet-lite0 /);
  });

  test('the table says the same for people', async () => {
    underTheClock();
    const { code, stdout } = await fescue('doctor', '--device', '--root', camera.root);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Greengrass {2}Fescue's local nucleus in [^]*\nStep 1 of the prerequisites\n {2}greengrass +ok +Fescue's[^]*\n\d+ ok, 0 warnings, 0 failed, 1 not applicable\n$/) as string]);
  });

  test('a socket of another mode', async () => {
    await chmod(camera.socketPath, 0o600);
    onTestFinished(async () => chmod(camera.socketPath, 0o660));
    const examined = await here();
    expect(complaints(examined)).toEqual({ socket: expect.stringMatching(/^fail: .*0600; expected the mode 0660/) as string });
    expect(examined.code).toBe(1);
  });

  test.each([
    ['is cut off', (path: string) => part(path, 1_000_000)],
    ['is for ', foreign],
  ])('a runtime that %s', async (found, damage) => {
    const program = join(camera.root, 'work', componentNames.runtime, 'bin/node');
    await rename(program, `${program}.kept`);
    onTestFinished(async () => rename(`${program}.kept`, program));
    await copyFile(`${program}.kept`, program);
    await damage(program);
    expect(complaints(await here())).toEqual({ runtime: expect.stringMatching(new RegExp(`^fail: .*bin/node ${found}`)) as string });
  });

  test('an expired certificate', async () => {
    const path = join(camera.folder, 'trust.pem');
    await rename(path, `${path}.kept`);
    onTestFinished(async () => rename(`${path}.kept`, path));
    await writeFile(path, chainOf(await authority({ notBefore: moments.longAgo, notAfter: moments.yesterday })));
    expect(complaints(await here())).toEqual({ 'signature-trust': expect.stringMatching(/^fail: .*"CN=Test authority" has expired/) as string });
  });

  test('a broken recipe', async () => {
    const path = join(camera.root, 'packages/recipes/broken.yaml');
    await writeFile(path, 'ComponentName: "com.example.Pump\n');
    onTestFinished(async () => rm(path));
    expect(complaints(await here())).toEqual({ recipes: expect.stringMatching(/^fail: .*broken\.yaml:/) as string });
  });

  test('a clock that is six minutes behind', async () => {
    clockOffMs = 6 * 60_000;
    onTestFinished(() => void (clockOffMs = 0));
    expect(complaints(await here())).toEqual({ clock: expect.stringMatching(/^fail: 3\d\d s behind AWS/) as string });
  });

  test('an agent that hangs', async () => {
    const pid = agentPid();
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));
    expect(complaints(await here())).toEqual({ agent: expect.stringMatching(/^fail: .*No answer within 5 s/) as string });
  });

  test('an agent without a model', async () => {
    const client = new AgentClient({ socketPath: camera.socketPath });
    onTestFinished(async () => {
      await client.loadModel(samplePackage, 'efficientnet-lite0');
      client.close();
    });
    await client.unloadModel('efficientnet-lite0');
    const examined = await here();
    expect(complaints(examined)).toEqual({ models: 'warning: no model is loaded' });
    expect(examined.code).toBe(0);
  });

  test('a disk with less room than is to stay free', async () => {
    await change({ CaptureFreeDiskMegabytes: 10_000_000 });
    onTestFinished(async () => change({ CaptureFreeDiskMegabytes: 128 }));
    await vi.waitFor(async () => expect(complaints(await here('--only', 'disk,agent,socket'))).toEqual({ disk: expect.stringMatching(/^fail: .*captures are refused/) as string }), { timeout: 30_000 });
  });

  test('names on the command line that are not those of this device', async () => {
    expect(complaints(await here('--thing', 'camera-5', '--only', 'device-thing-name'))).toEqual({ 'device-thing-name': expect.stringContaining('camera-5 is asked about') as string });
  });

  test('an agent that is stopped, and then the nucleus', async () => {
    const info = await readCliInfo(camera.root);
    if (info === undefined) throw new Error('the nucleus has no command-line interface');
    const client = await connectCliClient(info);
    await client.stopComponent({ componentName: agent });
    await client.close();
    await vi.waitFor(async () => expect(complaints(await here('--skip', 'clock'))).toEqual({ socket: `fail: ${camera.socketPath} is missing` }), { timeout: 30_000 });
    await camera.nucleus.stop();
    expect(complaints(await here())).toEqual({ 'greengrass-running': expect.stringMatching(/^fail: .*does not run/) as string });
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

async function part(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.truncate(bytes);
  await file.close();
}

/** Says in the header that it is for the other kind of machine. */
async function foreign(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from([process.arch === 'x64' ? 183 : 62]), 0, 1, 18);
  await file.close();
}
