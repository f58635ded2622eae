import { copyFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AgentClient } from '../../components/common/agent-client.ts';
import { connectGreengrassIpc, type GreengrassIpc } from '../../components/common/greengrass-ipc.ts';
import { ConfigurationFollower } from '../../components/common/configuration-follower.ts';
import { IpcLink } from '../../components/common/ipc-link.ts';
import { ConfigStore, type ConfigurationUpdate, type JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { configurationOperations } from '../../scripts/local-nucleus/ipc-configuration.ts';
import { IpcServer } from '../../scripts/local-nucleus/ipc-server.ts';
import { isAlive } from '../helpers/processes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage } from '../helpers/use-inference.ts';
import { useLogger } from '../helpers/use-logger.ts';
import { recipeOf, useNucleus } from '../helpers/use-nucleus.ts';

type Line = Record<string, unknown> & { msg: string };

type RunningComponent = { merge: (configuration: JsonObject, others?: Record<string, ConfigurationUpdate>) => Promise<void>; client: AgentClient; lines: (message: RegExp) => Line[]; pids: () => number[]; state: () => string | undefined };

/** The inference component below a nucleus, classifying one photo again and again, and the way to deploy changes of its configuration. */
async function useComponent(settings: JsonObject = {}, others: object[] = []): Promise<RunningComponent> {
  const { socketPath, client } = await useAgent();
  const nucleus = await useNucleus();
  const topic = 'gg/results';
  const accessControl = { 'aws.greengrass.ipc.pubsub': { local: { operations: ['aws.greengrass#PublishToTopic'], resources: [topic] } } };
  const configuration = { ImageDirectory: photoFolder, ImageName: 'dog.jpg', InferenceInterval: 0.1, ModelPath: samplePackage, UnixSocketName: socketPath, PublishTo: 'local', PublishResultsOnTopic: topic, accessControl, ...settings };
  const run = `echo "pid $$"; exec "${process.execPath}" "${resolve('components/inference/main.ts')}"`;
  const components = Object.fromEntries(['inference', ...others.map((recipe) => (recipe as { ComponentName: string }).ComponentName)].map((name) => [name, '1.0.0']));
  const merge = (changes: JsonObject, updates: Record<string, ConfigurationUpdate> = {}): Promise<void> =>
    nucleus.deploy({ recipes: [recipeOf('inference', { lifecycle: { run }, configuration }), ...others], components, configuration: { inference: { MERGE: changes }, ...updates } });
  await merge({});
  const lines = (message: RegExp): Line[] => nucleus.output('inference').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line).filter(({ msg }) => message.test(msg));
  const pids = (): number[] => nucleus.output('inference').flatMap((line) => (line.startsWith('pid ') ? [Number(line.slice(4))] : []));
  return { merge, client, lines, pids, state: () => nucleus.state('inference') };
}

/** Captures the component tried, by its last line. */
function tried({ lines }: RunningComponent): number {
  const last = lines(/^image classified/).at(-1);
  return last === undefined ? 0 : Number(last['captured']) + Number(last['capturesRefused']);
}

const classified = ({ lines }: RunningComponent): number => lines(/^image classified/).length;

test('a value that a running component refused does not keep it from starting again', async () => {
  const component = await useComponent({ ScoreThreshold: 'high', MaxResults: 2 });
  await eventually(() => classified(component) > 2, 'images');
  expect(component.lines(/starting with their defaults/)).toMatchObject([{ level: 'warn', reason: expect.stringMatching(/^ScoreThreshold: .*got "high"$/) as string }]);
  await component.merge({ ScoreThreshold: 0 });
  const results = (): unknown => component.lines(/^image classified/).at(-1)?.['results'];
  await eventually(() => Array.isArray(results()) && (results() as unknown[]).length === 2, 'the corrected value');
  expect(component.state()).toBe('RUNNING');
});

test('a running component follows a deployment, refuses a bad one, and is the same process throughout', async () => {
  const component = await useComponent();
  await eventually(() => classified(component) > 2, 'images');
  expect(tried(component)).toBe(0);

  await component.merge({ CaptureEveryNth: 1, ScoreThreshold: 0, MaxResults: 2 });
  await eventually(() => tried(component) > 2, 'captures');
  expect(component.lines(/^configuration changed/)).toMatchObject([{ settings: { CaptureEveryNth: 1, ScoreThreshold: 0, MaxResults: 2 } }]);
  expect(component.lines(/^image classified/).at(-1)?.['results']).toHaveLength(2);

  await component.merge({ CaptureEveryNth: 'often', CaptureRandomShare: 7, MaxResults: 1 });
  await eventually(() => component.lines(/was refused; going on/).length > 0, 'the refusal');
  const before = { tried: tried(component), classified: classified(component) };
  await eventually(() => tried(component) > before.tried && classified(component) > before.classified + 2, 'captures by the settings before');
  expect(component.lines(/^image classified/).at(-1)?.['results']).toHaveLength(2);
  expect(component.lines(/was refused; going on/)).toMatchObject([{ level: 'warn', reason: expect.stringMatching(/CaptureEveryNth: .*got "often"\n.*CaptureRandomShare: .*got 7/) as string }]);

  await component.merge({ CaptureEveryNth: 0, CaptureRandomShare: 0, PublishResultsOnTopic: 'gg/elsewhere' });
  await eventually(() => component.lines(/could not be published/).some(({ reason }) => /on resource gg\/elsewhere/.test(String(reason))), 'a result on the new topic');
  expect(component.lines(/beginning anew/)).toEqual([]);
  const pids = component.pids();
  expect(pids).toHaveLength(1);
  expect(pids.every(isAlive)).toBe(true);
  expect(component.state()).toBe('RUNNING');
});

test('a change of a setting that is not live begins anew in the same process, with all that came with it', async () => {
  const component = await useComponent();
  await eventually(() => classified(component) > 1, 'images');
  await component.merge({ ImageName: 'cat.jpg', ModelName: 'other', MaxResults: 1, ScoreThreshold: 0 });
  await eventually(() => component.lines(/^model loaded/).length === 2, 'the model under its new name');
  const { length } = component.lines(/^image classified/);
  await eventually(() => classified(component) > length + 1, 'images after it');
  const after = component.lines(/^image classified/).slice(length);
  expect(after.every(({ image, results }) => String(image).endsWith('/cat.jpg') && (results as object[]).length === 1)).toBe(true);
  expect(component.lines(/beginning anew/)).toMatchObject([{ level: 'info', settings: { ImageName: 'cat.jpg', ModelName: 'other' } }]);
  expect(component.lines(/^image skipped/)).toEqual([]);
  expect((await component.client.listModels()).map(({ name }) => name)).toEqual(['other']);
  expect(component.pids()).toHaveLength(1);
  expect(component.state()).toBe('RUNNING');
});

test('the images of a directory are not classified again for that', async () => {
  const folder = await temporaryFolder();
  await copyFile(join(photoFolder, 'dog.jpg'), join(folder, 'dog.jpg'));
  const component = await useComponent({ ImageDirectory: folder, ImageName: '' });
  await eventually(() => classified(component) === 1, 'the image');
  await component.merge({ PredictTimeoutSeconds: 30 });
  await eventually(() => component.lines(/^model loaded/).length === 2, 'the model to be loaded again');
  await copyFile(join(photoFolder, 'cat.jpg'), join(folder, 'cat.jpg'));
  await eventually(() => classified(component) === 2, 'the new image');
  expect(component.lines(/^image classified/).map(({ image }) => basename(String(image)))).toEqual(['dog.jpg', 'cat.jpg']);
});

test("the agent's socket is followed to where its own configuration says", async () => {
  const [first, second] = [await useAgent(), await useAgent()];
  const agent = recipeOf('dev.fescue.EdgeAgent', { configuration: { UnixSocketName: first.socketPath } });
  const component = await useComponent({ UnixSocketName: '' }, [agent]);
  await eventually(() => classified(component) > 1, 'images');
  await component.merge({}, { 'dev.fescue.EdgeAgent': { MERGE: { UnixSocketName: second.socketPath } } });
  await eventually(async () => (await second.client.listModels()).length === 1, 'the model on the other agent');
  expect(await first.client.listModels()).toEqual([]);
  const { length } = component.lines(/^image classified/);
  await eventually(() => classified(component) > length, 'another image');
  expect(component.pids()).toHaveLength(1);
});

/** A nucleus that can go and come back with another configuration, and a follower of the component `one` with it. */
async function useFollower(): Promise<{ serve: (configurations: ConfigStore) => Promise<IpcServer>; follow: () => Promise<{ updates: () => number; lines: Record<string, unknown>[] }> }> {
  const path = join(await temporaryFolder(), 'ipc.socket');
  vi.stubEnv('SVCUID', 'TOKEN');
  vi.stubEnv('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT', path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const serve = async (configurations: ConfigStore): Promise<IpcServer> => {
    const server = new IpcServer({ path, operations: configurationOperations(configurations), authenticate: () => 'one', onNote: () => undefined });
    await server.start();
    onTestFinished(async () => server.stop());
    return server;
  };
  const follow = async (): Promise<{ updates: () => number; lines: Record<string, unknown>[] }> => {
    const connect = async (): Promise<GreengrassIpc> => connectGreengrassIpc({ timeoutMs: 5_000 });
    const { log, lines } = useLogger();
    const link = new IpcLink({ first: await connect(), connect, log });
    let updates = 0;
    const follower = new ConfigurationFollower({ link, log, onUpdate: async () => void (updates += 1) });
    follower.start();
    onTestFinished(async () => {
      await follower.stop();
      await link.close();
    });
    return { updates: () => updates, lines };
  };
  return { serve, follow };
}

function store(configuration: JsonObject): ConfigStore {
  const configurations = new ConfigStore();
  configurations.set('one', configuration);
  return configurations;
}

test('after the connection was lost, it is made anew, and the configuration followed again', async () => {
  const { serve, follow } = await useFollower();
  const first = await serve(store({ Word: 'a' }));
  const { updates, lines } = await follow();
  await eventually(() => updates() === 1, 'the first look, for what changed before');
  await first.stop();
  await eventually(() => lines.some(({ msg }) => /was lost/.test(String(msg))), 'the loss to be noticed');
  const configurations = store({ Word: 'b' });
  await serve(configurations);
  await eventually(() => updates() === 2, 'another look, for what changed meanwhile');
  configurations.set('one', { Word: 'c', Other: 1, More: 2 });
  await eventually(() => updates() === 3, 'the change of three keys, once');
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/was lost; connecting again/), 'connected to the Greengrass nucleus again']);
});

test('a nucleus that tells no changes is told of, and asked again after it was away', async () => {
  const { serve, follow } = await useFollower();
  const first = await serve(new ConfigStore());
  const { updates, lines } = await follow();
  await eventually(() => lines.length === 1, 'the warning');
  expect(lines[0]).toMatchObject({ level: 'warn', reason: expect.stringMatching(/SubscribeToConfigurationUpdate was refused by the nucleus: Key not found/) as string, msg: 'changes of the configuration take effect with the next start only' });
  await first.stop();
  await serve(store({}));
  await eventually(() => updates() === 1, 'a look at the configuration');
});
