import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { SubscriptionResponseMessage } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectGreengrassIpc } from '../../components/common/greengrass-ipc.ts';
import { IpcLink } from '../../components/common/ipc-link.ts';
import { greengrassPublisher } from '../../components/inference/publisher.ts';
import type { ResultMessage } from '../../components/inference/result-message.ts';
import { ConfigStore } from '../../scripts/local-nucleus/config-store.ts';
import { authorizer } from '../../scripts/local-nucleus/ipc-call.ts';
import { IpcServer } from '../../scripts/local-nucleus/ipc-server.ts';
import { type LocalMessage, topicOperations } from '../../scripts/local-nucleus/ipc-topics.ts';
import { Topics } from '../../scripts/local-nucleus/topics.ts';
import { clientOf, printToken } from '../helpers/ipc-client.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';
import { useIpc } from '../helpers/use-ipc.ts';

const inferenceMain = `exec "${process.execPath}" "${resolve('components/inference/main.ts')}"`;
const topic = 'gg/results';

const accessControl = {
  'aws.greengrass.ipc.pubsub': { 'local': { operations: ['aws.greengrass#PublishToTopic', 'aws.greengrass#SubscribeToTopic'], resources: [topic] } },
};

/** A nucleus that runs the inference component from its sources, and a component to listen with. */
async function useInferenceComponent(configuration: object): Promise<TestNucleus> {
  const { socketPath } = await useAgent();
  const nucleus = await useNucleus();
  const own = { ImageDirectory: photoFolder, ImageName: 'dog.jpg', InferenceInterval: 0.2, ModelPath: samplePackage, UnixSocketName: socketPath, PublishResultsOnTopic: topic, accessControl, ...configuration };
  const dependencies = { 'aws.greengrass.TokenExchangeService': { VersionRequirement: '^2.0.0', DependencyType: 'HARD' } };
  await nucleus.deploy({
    recipes: [recipeOf('inference', { lifecycle: { run: inferenceMain }, configuration: own, dependencies }), recipeOf('listener', { lifecycle: { startup: printToken }, configuration: { accessControl } })],
    components: { inference: '1.0.0', listener: '1.0.0' },
  });
  await eventually(() => nucleus.output('listener').length === 1, 'the listener');
  return nucleus;
}

test('results reach the other components of the device', async () => {
  const nucleus = await useInferenceComponent({ PublishTo: 'local' });
  const received: SubscriptionResponseMessage[] = [];
  const stream = (await clientOf(nucleus, 'listener')).subscribeToTopic({ topic });
  stream.on('message', (message) => received.push(message));
  await stream.activate();
  await eventually(() => received.length > 1, 'two results');
  expect(received[0]?.jsonMessage?.message).toMatchObject({ 'inference-results': [{ Label: 'German shepherd' }], image: join(photoFolder, 'dog.jpg') });
  expect(nucleus.output('inference').join('\n')).toMatch(/"until":"[^"]+","msg":"got AWS credentials from the token exchange service"/);
});

test('a topic that is not allowed is told and counted, and the component goes on', async () => {
  const nucleus = await useInferenceComponent({ PublishTo: 'iot-core' });
  await eventually(() => nucleus.output('inference').some((line) => line.includes('"unpublished":2')), 'two results that could not be published');
  expect(nucleus.output('inference').find((line) => line.includes('could not be published'))).toMatch(/not authorized to perform .*PublishToIoTCore on resource gg\/results.*accessControl/);
  expect(nucleus.state('inference')).toBe('RUNNING');
});

test('a topic with a wildcard is refused once for each image, and the images go on', async () => {
  const everything = { operations: ['aws.greengrass#PublishToTopic'], resources: ['*'] };
  const nucleus = await useInferenceComponent({ PublishTo: 'local', PublishResultsOnTopic: 'gg/#', accessControl: { 'aws.greengrass.ipc.pubsub': { all: everything } } });
  await eventually(() => nucleus.output('inference').some((line) => line.includes('"unpublished":3')), 'three results that could not be published');
  const failures = nucleus.output('inference').filter((line) => line.includes('could not be published'));
  expect(failures[0]).toMatch(/PublishToTopic on gg\/# was refused by the nucleus: InvalidArgumentsError.*holds no wildcards/);
  const refusals = nucleus.events.filter((event) => event.kind === 'note' && event.text.includes('InvalidArgumentsError'));
  // One more may be on its way.
  expect(refusals.length - failures.length).toBeOneOf([0, 1]);
  expect(nucleus.state('inference')).toBe('RUNNING');
});

test('a component that waits for a nucleus which says nothing can be stopped', async () => {
  const ipc = await useIpc();
  const silent = createServer(() => undefined).listen(ipc.path);
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const connected = once(silent, 'connection');
  const component = useInference({}, { environment: ipc.environment });
  await connected;
  expect(await component.stop()).toBe(0);
  expect(component.errors()).toBe('');
});

test('a connection to the nucleus that was lost is made anew', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'ipc.socket');
  vi.stubEnv('SVCUID', 'TOKEN');
  vi.stubEnv('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT', path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const received: string[] = [];
  const startServer = async (): Promise<IpcServer> => {
    const configurations = new ConfigStore();
    configurations.set('one', { accessControl });
    const local = new Topics<LocalMessage>();
    local.subscribe('#', (message) => received.push(JSON.stringify(message.content)));
    const operations = topicOperations({ authorize: authorizer(configurations), iotCore: new Topics(), local });
    const server = new IpcServer({ path, operations, authenticate: () => 'one', onNote: () => undefined });
    await server.start();
    return server;
  };
  const first = await startServer();
  const connect = async (): ReturnType<typeof connectGreengrassIpc> => connectGreengrassIpc({ timeoutMs: 5_000 });
  const logged: string[] = [];
  const link = new IpcLink({ first: await connect(), connect, log: pino({}, { write: (line: string) => void logged.push(line) }) });
  onTestFinished(async () => link.close());
  const publisher = greengrassPublisher({ ipc: link, to: 'local', topic });
  const message = { image: 'a' } as ResultMessage;
  await publisher.publish(message);
  await first.stop();
  await eventually(() => logged.length === 1, 'the loss to be noticed');
  await expect(publisher.publish(message)).rejects.toMatchObject({ kind: 'unavailable' });
  const late = publisher.publish({ ...message, image: 'b' });
  const second = await startServer();
  onTestFinished(async () => second.stop());
  await late;
  expect(received).toEqual(['{"jsonMessage":{"message":{"image":"a"}}}', '{"jsonMessage":{"message":{"image":"b"}}}']);
  expect(logged.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([expect.stringMatching(/was lost/), 'connected to the Greengrass nucleus again']);
});
