import { rename, rm } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { follow, type Outcome } from '../../scripts/deploy/follow.ts';
import type { Order } from '../../scripts/deploy/order.ts';
import type { Target } from '../../scripts/deploy/target.ts';
import { appendLines, type Received, type Scenario } from '../helpers/stand-ins.ts';

export type TargetUnderTest = {
  readonly target: Target;
  readonly order: Order;
  /** What the device was asked to deploy; undefined when nothing. */
  readonly received: () => Promise<Received | undefined>;
  /** Where the lines of a component's log come from. */
  readonly logFile: (component: string) => string;
  /** Whether the target takes configurations. */
  readonly configures: boolean;
  /** Whether the log is a file that is begun anew when it is full. */
  readonly rotates: boolean;
};

const camera = 'com.example.Camera';
const model = 'com.example.camera.Model';
const running = [{ name: model, version: '2.0.0', state: 'FINISHED' }, { name: camera, version: '1.2.0', state: 'RUNNING' }];

/** What every target has to do, against a device that behaves as the scenario says. */
export function describeTarget(name: string, open: (scenario: Scenario) => Promise<TargetUnderTest>): void {
  describe(`${name}: a target`, () => {
    test('deploys, and is followed until every component is up', async () => {
      const { target, order, received } = await open({ states: ['QUEUED', 'IN_PROGRESS', 'SUCCEEDED'], components: running });
      const { outcome, changes } = await run(target, order);
      expect(outcome).toMatchObject({ state: 'SUCCEEDED', components: expect.arrayContaining(running) as object });
      expect(outcome.blamed).toBeUndefined();
      expect(changes).toEqual(expect.arrayContaining(['Deployment: QUEUED', 'Deployment: IN_PROGRESS', 'Deployment: SUCCEEDED', `${camera}: 1.2.0 RUNNING`]));
      expect(await received()).toMatchObject({ add: { [camera]: '1.2.0', [model]: '2.0.0' }, remove: [], folders: [order.folders?.recipeDir, order.folders?.artifactDir] });
    });

    test('hands on removals, the group and the configuration', async () => {
      const { target, order, received, configures } = await open({ states: ['SUCCEEDED'], components: running });
      const configuration = { [camera]: { MERGE: { Name: "it's $(a) \"name\"\n" }, RESET: ['/Zoom'] } };
      await target.deploy({ ...order, remove: ['com.example.Old', 'com.example.Older'], group: 'gates', ...(configures && { configuration }) });
      expect(await received()).toMatchObject({ remove: ['com.example.Old', 'com.example.Older'], group: 'gates', configuration: configures ? configuration : {} });
    });

    test('blames the component that failed, with the end of its log', async () => {
      const { target, order, logFile } = await open({ states: ['IN_PROGRESS', 'FAILED'], reason: `${camera} is broken.`, components: [{ name: camera, version: '1.2.0', state: 'BROKEN' }] });
      await appendLines(logFile(camera), Array.from({ length: 40 }, (_, index) => `line ${index}`));
      const { outcome } = await run(target, order);
      expect(outcome).toMatchObject({ state: 'FAILED', reason: expect.stringContaining(`${camera} is broken.`) as string, blamed: { component: camera } });
      expect(outcome.blamed?.lines).toHaveLength(25);
      expect(outcome.blamed?.lines.at(-1)).toContain('line 39');
    });

    test.each([
      ['is down', [{ name: model, version: '2.0.0', state: 'FINISHED' }, { name: camera, version: '1.2.0', state: 'BROKEN' }], `${camera} is BROKEN`],
      ['has another version', [{ name: model, version: '2.0.0', state: 'FINISHED' }, { name: camera, version: '1.1.9', state: 'RUNNING' }], `${camera} has version 1.1.9 in place of 1.2.0`],
      ['is not there', [{ name: camera, version: '1.2.0', state: 'RUNNING' }], `${model} is not there`],
    ])('does not take the word of a device that a deployment succeeded when a component %s', async (_, components, reason) => {
      const { target, order } = await open({ states: ['SUCCEEDED'], components });
      expect((await run(target, order)).outcome).toMatchObject({ state: 'FAILED', reason: expect.stringContaining(reason) as string });
    });

    test('says what it would do, and does not do it', async () => {
      const { target, order, received } = await open({ states: ['SUCCEEDED'], components: running });
      const lines = await target.commands(order);
      for (const part of [`${camera}`, '1.2.0', model, order.folders?.recipeDir ?? '']) expect(lines.join('\n')).toContain(part);
      expect(await received()).toBeUndefined();
    });

    test('says after how long it was not done', async () => {
      const { target, order } = await open({ states: ['IN_PROGRESS'], components: [] });
      await expect(run(target, order, { timeoutMs: 0 })).rejects.toMatchObject({ kind: 'deadline-exceeded', message: expect.stringMatching(/IN_PROGRESS after 0 s: .*is not there.*--timeout/) as string });
    });

    test('is no longer followed when that is interrupted', async () => {
      const { target, order } = await open({ states: ['IN_PROGRESS'], components: [] });
      await expect(run(target, order, { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'cancelled', message: expect.stringContaining('it goes on without') as string });
    });

    test('gives as many lines of a log as asked for', async () => {
      const { target, logFile } = await open({ states: [], components: running });
      await appendLines(logFile(camera), ['one', '  two', 'three']);
      const lines: string[] = [];
      await target.logs(camera, { lines: 2, follow: false, onLine: (line) => lines.push(line) });
      expect(lines).toEqual([expect.stringMatching(/ {2}two$/), expect.stringMatching(/three$/)]);
    });

    test('says that a component has no log', async () => {
      const { target } = await open({ states: [], components: running });
      await expect(target.logs('com.example.Nothing', { lines: 2, follow: false, onLine: () => undefined })).rejects.toMatchObject({ kind: 'not-found', message: expect.stringContaining('com.example.Nothing') as string });
    });

    test('does not look for logs elsewhere', async () => {
      const { target } = await open({ states: [], components: running });
      for (const bad of ['../secret', '-f', 'a b']) await expect(target.logs(bad, { lines: 2, follow: false, onLine: () => undefined })).rejects.toThrow(/cannot name a component|no such file|holds nothing/);
    });

    test('follows a log, also when the file is begun anew, until it is told to end', async () => {
      const { target, logFile, rotates } = await open({ states: [], components: running });
      const lines: string[] = [];
      const stop = new AbortController();
      await appendLines(logFile(camera), ['first']);
      const done = target.logs(camera, { lines: 5, follow: true, signal: stop.signal, onLine: (line) => lines.push(line) });
      await vi.waitFor(() => expect(lines).toContain('first'), { timeout: 10_000 });
      await appendLines(logFile(camera), ['second']);
      await vi.waitFor(() => expect(lines).toContain('second'), { timeout: 10_000 });
      if (rotates) await rename(logFile(camera), `${logFile(camera)}.1`);
      await appendLines(logFile(camera), ['third']);
      await vi.waitFor(() => expect(lines).toContain('third'), { timeout: 10_000 });
      stop.abort();
      await done;
      expect(lines).toEqual(['first', 'second', 'third']);
      await rm(logFile(camera));
    });
  });
}

async function run(target: Target, order: Order, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<{ outcome: Outcome; changes: string[] }> {
  const changes: string[] = [];
  const handle = await target.deploy(order);
  const outcome = await follow({ target, handle, order, timeoutMs: 60_000, pollMs: 10, settleMs: 10, signal: new AbortController().signal, onChange: (text) => changes.push(text), ...options });
  return { outcome, changes };
}
