import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { isAlive } from '../helpers/processes.ts';
import { Device, type Nucleus, waiting } from './device.ts';
import { runFescue } from './fescue.ts';
import { buildBundle, laterAgent, noteOf, type Release, versions } from './release.ts';

const { agent, inference, model, runtime } = componentNames;
const [first, second, third] = versions;

/** What the bundle has to do on every nucleus: one life, from the first deployment to the removal. */
export function describeBundle(name: string, open: () => Promise<Nucleus>): void {
  describe(`${name}: the bundle`, { timeout: 300_000 }, () => {
    let device: Device;
    let bundle: Release;
    let upgraded: Release;

    beforeAll(async () => {
      device = await Device.open(await open());
      bundle = await buildBundle(device.releases);
      upgraded = await laterAgent({ bundle, folder: device.releases, version: second });
    }, 300_000);
    afterAll(async () => device?.close(), 300_000);

    test('is deployed with its settings, and every component runs or has finished', async () => {
      const settings = {
        [agent]: { UnixSocketName: device.socketPath, CaptureDataDestination: 'Disk', CaptureDataDiskPath: device.captures, CaptureDataPushPeriodSeconds: 3600 },
        [inference]: { ImageDirectory: device.images, PublishTo: 'local', CaptureEveryNth: 1, ScoreThreshold: 0, MaxResults: 2, LogLevel: 'debug' },
      };
      const changes = Object.entries(settings).flatMap(([component, values]) => Object.entries(values).flatMap(([key, value]) => set(component, key, value)));
      // The classic nucleus can keep the configuration of components that were removed.
      const anew = [agent, inference].flatMap((component) => ['--reset', `${component}:`]);
      const { code, components, stderr } = await device.deploy(bundle, ...anew, ...changes);
      expect(code, stderr).toBe(0);
      const states = Object.entries(bundle.versions).map(([component, version]) => [component, `${version} ${component === agent || component === inference ? 'RUNNING' : 'FINISHED'}`]);
      expect(components).toEqual(Object.fromEntries(states));
      await vi.waitFor(async () => expect((await runFescue('predict', 'list', '--socket', device.socketPath)).stdout).toContain('efficientnet-lite0'), waiting);
      for (const component of [agent, inference]) device.followLog(component);
    });

    test('publishes results on the local topic', async () => {
      const { 'inference-results': results } = await device.classify('first.jpg');
      expect(results).toEqual([{ Label: 'German shepherd', Score: expect.closeTo(0.95, 1) as number }, expect.anything()]);
    });

    test('follows changes of live settings in the same processes', async () => {
      const pids = await pidsOf(device);
      await vi.waitFor(() => expect(device.logged(inference, /^captured$/)).toHaveLength(1), waiting);
      expect(await device.captured()).toEqual([]);
      const { code, stderr } = await device.deploy(bundle, ...set(agent, 'CaptureDataPushPeriodSeconds', 0.5), ...set(inference, 'MaxResults', 3));
      expect(code, stderr).toBe(0);
      await vi.waitFor(() => expect([agent, inference].map((component) => device.logged(component, /^configuration changed$/).at(-1)?.['settings'])).toEqual([{ CaptureDataPushPeriodSeconds: 0.5 }, { MaxResults: 3 }]), waiting);
      expect((await device.classify('live.jpg'))['inference-results']).toHaveLength(3);
      await everyCaptureDelivered(device, 2);
      expect(await pidsOf(device)).toEqual(pids);
    });

    test('goes on with the settings before when one has a wrong type, and says so', async () => {
      const pids = await pidsOf(device);
      const { code, stderr } = await device.deploy(bundle, ...set(agent, 'CaptureDataBatchSize', 'many'), ...set(inference, 'MaxResults', 'many'));
      expect(code, stderr).toBe(0);
      await vi.waitFor(() => expect([agent, inference].map((component) => device.logged(component, /was refused; going on with the settings before/).map(({ reason }) => reason))).toEqual([[expect.stringMatching(/CaptureDataBatchSize.*"many"/)], [expect.stringMatching(/MaxResults.*"many"/)]]), waiting);
      expect((await device.classify('refused.jpg'))['inference-results']).toHaveLength(3);
      expect(await pidsOf(device)).toEqual(pids);
      const corrected = await device.deploy(bundle, '--reset', `${agent}:/CaptureDataBatchSize`, ...set(inference, 'MaxResults', 1));
      expect(corrected.code, corrected.stderr).toBe(0);
      await vi.waitFor(async () => expect((await device.classify('corrected.jpg'))['inference-results']).toHaveLength(1), waiting);
    });

    test('begins anew with other settings: the inference in its process, the agent in another one', async () => {
      const before = await pidsOf(device);
      const begun = await device.deploy(bundle, ...set(inference, 'PredictTimeoutSeconds', 30));
      expect(begun.code, begun.stderr).toBe(0);
      await vi.waitFor(() => expect(device.logged(inference, /beginning anew/)).toHaveLength(1), waiting);
      await device.classify('begun-anew.jpg');
      expect(await pidsOf(device)).toEqual(before);
      const restarted = await device.deploy(bundle, ...set(agent, 'MaxMessageMegabytes', 32));
      expect(restarted.code, restarted.stderr).toBe(0);
      expect(await device.pid(agent)).not.toBe(before[agent]);
      expect(await messageMegabytes(device)).toBe(32);
      await device.classify('restarted.jpg');
      expect([...device.output(agent), ...device.output(inference)].filter((line) => /Permission denied/.test(line))).toEqual([]);
    });

    test('survives the death of the agent, and loses no capture', async () => {
      const killed = await device.pid(agent);
      await device.addPhoto('meanwhile.jpg');
      process.kill(killed, 'SIGKILL');
      await runningAgain(device, killed);
      await device.classify('after-death.jpg');
      await vi.waitFor(() => expect(device.resultsOf('meanwhile.jpg')).not.toEqual([]), waiting);
      await everyCaptureDelivered(device, 7);
    });

    test('is told to be BROKEN when the agent dies a third time, and comes back with the next deployment', async () => {
      let deaths = 1;
      do {
        const killed = await device.pid(agent);
        process.kill(killed, 'SIGKILL');
        deaths += 1;
        await runningAgain(device, killed);
      } while (!/BROKEN/.test((await device.status())[agent] ?? ''));
      expect(deaths).toBe(3);
      const { code, stderr, components } = await device.deploy(bundle);
      expect(code, stderr).toBe(0);
      expect(components).toMatchObject({ [agent]: `${first} RUNNING`, [inference]: `${first} RUNNING` });
      await device.classify('repaired.jpg');
      await everyCaptureDelivered(device, 8);
    });

    test('is upgraded while it works', async () => {
      const pids = new Set<number>();
      const photos: string[] = [];
      const upgrading = device.deploy(upgraded);
      const done = upgrading.then(() => true);
      while (!(await Promise.race([done, sleep(100)]))) {
        photos.push(`during-${photos.length}.jpg`);
        await device.addPhoto(photos.at(-1) ?? '');
        pids.add(await device.pid(inference));
      }
      const { code, stderr, components } = await upgrading;
      expect(code, stderr).toBe(0);
      expect(components).toEqual({ [agent]: `${second} RUNNING` });
      expect(stderr).not.toMatch(/ERRORED|BROKEN/);
      expect(device.logged(agent, new RegExp(noteOf(second)))).toHaveLength(1);
      await vi.waitFor(() => expect(photos.filter((photo) => device.resultsOf(photo).length === 0)).toEqual([]), waiting);
      // It depends on the agent, so it starts anew with it: once.
      expect(pids.size).toBe(2);
      expect([...pids]).toContain(await device.pid(inference));
      await everyCaptureDelivered(device, 8);
    });

    test('is rolled back when a version cannot work, whose log is shown', async () => {
      const broken = await laterAgent({ bundle, folder: device.releases, version: third, scripts: { run: 'echo no licence; exit 1', recover: 'sleep 2' } });
      const deploying = device.deploy(broken, ...set(agent, 'MaxMessageMegabytes', 48));
      await vi.waitFor(async () => expect(await device.versionsOf(agent)).toEqual(expect.arrayContaining([second, third])), { timeout: 60_000, interval: 20 });
      const { code, state, stderr } = await deploying;
      expect([code, state], stderr).toEqual([1, 'FAILED']);
      expect(stderr).toMatch(/is FAILED: .*dev\.fescue\.EdgeAgent[^]*The log of dev\.fescue\.EdgeAgent ends with:\n[^]*no licence/);
      await vi.waitFor(async () => expect(await device.status()).toMatchObject({ [agent]: `${second} RUNNING`, [inference]: `${first} RUNNING` }), waiting);
      expect(await messageMegabytes(device)).toBe(32);
      await device.classify('rolled-back.jpg');
    });

    test('is removed without a trace of processes', async () => {
      const { code, stderr, components } = await device.remove(inference, agent, model, runtime);
      expect(code, stderr).toBe(0);
      expect(new Set(Object.values(components))).toEqual(new Set(['REMOVED']));
      expect(Object.keys(await device.status()).filter((one) => one.startsWith('dev.fescue.'))).toEqual([]);
      expect(await device.processes()).toEqual([]);
      expect(existsSync(device.socketPath)).toBe(false);
      expect((await runFescue('predict', 'list', '--socket', device.socketPath)).code).toBe(1);
    });
  });
}

function set(component: string, key: string, value: string | number): string[] {
  return ['--set', `${component}:/${key}=${value}`];
}

async function pidsOf(device: Device): Promise<Record<string, number>> {
  const pids: [string, number][] = [];
  for (const component of [agent, inference]) pids.push([component, await device.pid(component)]);
  expect(pids.every(([, pid]) => isAlive(pid))).toBe(true);
  return Object.fromEntries(pids);
}

/** What the agent's process was started with; the classic nucleus writes `32.0`. */
async function messageMegabytes(device: Device): Promise<number> {
  return Number(await device.variable(agent, 'FESCUE_MAX_MESSAGE_MEGABYTES'));
}

/** Waits until another process has taken the place of one that was killed, or the nucleus has given it up. */
async function runningAgain(device: Device, killed: number): Promise<void> {
  await vi.waitFor(async () => {
    const state = (await device.status())[agent] ?? '';
    const pid = await device.pid(agent);
    if (!/BROKEN/.test(state) && !(/RUNNING/.test(state) && pid !== killed && isAlive(pid))) throw new Error(`the agent is ${state} as process ${pid}`);
  }, waiting);
}

/** Waits until all that the agent has taken is on the disk, each once. */
async function everyCaptureDelivered(device: Device, least: number): Promise<void> {
  await vi.waitFor(async () => {
    const taken = device.logged(inference, /^captured$/).map(({ capture }) => capture);
    expect(taken.length).toBeGreaterThanOrEqual(least);
    expect(await device.captured()).toEqual(expect.arrayContaining(taken));
  }, waiting);
  const delivered = await device.captured();
  expect(new Set(delivered).size).toBe(delivered.length);
}
