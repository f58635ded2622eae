import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureHandlingPolicy } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { expect, test, vi } from 'vitest';
import { commandLineClient, deployOverIpc } from '../helpers/command-line.ts';
import { clientOf, printToken } from '../helpers/ipc-client.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { patient, recipeOf, useNucleus, writeFiles } from '../helpers/use-nucleus.ts';

// Everything here goes through AWS's own client, as it does with a device's nucleus.

const run = 'echo start {configuration:/Word}; exec sleep 1000';
const one = (version: string, script = run): object => recipeOf('one', { version, lifecycle: { run: script }, configuration: { Word: 'default' } });

async function folders(...recipes: object[]): Promise<{ recipeDirectoryPath: string; artifactsDirectoryPath: string }> {
  const { recipeDir, artifactDir } = await writeFiles(await temporaryFolder(), { recipes });
  return { recipeDirectoryPath: recipeDir, artifactsDirectoryPath: artifactDir };
}

test('the credentials are for the user of the nucleus alone, and say where it listens', async () => {
  const { nucleus } = await useNucleus();
  const folder = join(nucleus.root, 'cli_ipc_info');
  const file = join(folder, `user-${process.getuid?.()}`);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ cli_auth_token: expect.stringMatching(/^[A-Z0-9]{16}$/) as string, domain_socket_path: join(nucleus.root, 'ipc.socket') });
});

test('deploys, shows, restarts, stops and removes', async () => {
  const nucleus = await useNucleus();
  const client = await commandLineClient(nucleus.nucleus.root);
  const configuration = new Map<string, unknown>([['one', { MERGE: { Word: 'merged' } }]]);
  const done = await deployOverIpc(client, { ...(await folders(one('1.0.0'))), rootComponentVersionsToAdd: new Map([['one', '1.0.0']]), componentToConfiguration: configuration });
  expect(done).toMatchObject({ status: 'SUCCEEDED', createdOn: expect.stringMatching(/^\d\d-\d\d-\d{4} \d\d:\d\d:\d\d UTC$/) as string, deploymentStatusDetails: { detailedDeploymentStatus: 'SUCCESSFUL' } });
  await eventually(() => nucleus.output('one').length === 1, 'the start');
  expect((await client.listComponents({})).components).toEqual([{ componentName: 'one', version: '1.0.0', state: 'RUNNING', configuration: { Word: 'merged' } }]);
  expect((await client.listLocalDeployments({})).localDeployments).toEqual([{ deploymentId: done.deploymentId, status: 'SUCCEEDED', createdOn: done.createdOn }]);

  expect(await client.restartComponent({ componentName: 'one' })).toMatchObject({ restartStatus: 'SUCCEEDED' });
  await eventually(() => nucleus.output('one').length === 2, 'the restart');
  expect(await client.stopComponent({ componentName: 'one' })).toMatchObject({ stopStatus: 'SUCCEEDED' });
  await eventually(() => nucleus.state('one') === 'FINISHED', 'the stop');
  expect((await client.getComponentDetails({ componentName: 'one' })).componentDetails.state).toBe('FINISHED');
  await client.restartComponent({ componentName: 'one' });
  await eventually(() => nucleus.output('one').length === 3, 'another start');

  expect(await deployOverIpc(client, { rootComponentsToRemove: ['one'] })).toMatchObject({ status: 'SUCCEEDED' });
  expect((await client.listComponents({})).components).toEqual([]);
});

test('a failure names the component to blame, its last words, and what became of it', async () => {
  const nucleus = await useNucleus(patient);
  const client = await commandLineClient(nucleus.nucleus.root);
  const version = (text: string): Map<string, string> => new Map([['one', text]]);
  await deployOverIpc(client, { ...(await folders(one('1.0.0'))), rootComponentVersionsToAdd: version('1.0.0') });
  const failed = await deployOverIpc(client, { ...(await folders(one('2.0.0', 'echo out of luck; exit 1'))), rootComponentVersionsToAdd: version('2.0.0'), failureHandlingPolicy: FailureHandlingPolicy.ROLLBACK });
  expect(failed).toMatchObject({ status: 'FAILED', deploymentStatusDetails: { detailedDeploymentStatus: 'FAILED_ROLLBACK_COMPLETE', deploymentFailureCause: expect.stringMatching(/Component one is BROKEN[\s\S]*out of luck/) as string } });
  // Without a policy, nothing is done about it.
  const left = await deployOverIpc(client, { ...(await folders(one('2.0.0', 'exit 1'))), rootComponentVersionsToAdd: version('2.0.0') });
  expect(left.deploymentStatusDetails?.detailedDeploymentStatus).toBe('FAILED_ROLLBACK_NOT_REQUESTED');
  expect(await client.restartComponent({ componentName: 'one' })).toEqual({ restartStatus: 'FAILED', message: 'one is BROKEN; only a deployment starts it again' });
});

test('requests that make no sense are refused in the terms of the protocol', async () => {
  const { nucleus } = await useNucleus();
  const client = await commandLineClient(nucleus.root);
  const message = (pattern: RegExp): object => ({ serviceError: { message: expect.stringMatching(pattern) as string } });
  await expect(client.getLocalDeploymentStatus({ deploymentId: 'mine' })).rejects.toThrow(/InvalidArgumentsError/);
  await expect(client.getLocalDeploymentStatus({ deploymentId: crypto.randomUUID() })).rejects.toMatchObject(message(/Cannot find deployment/));
  await expect(client.getComponentDetails({ componentName: 'two' })).rejects.toMatchObject(message(/Component with name two not found/));
  await expect(client.createLocalDeployment({ artifactsDirectoryPath: nucleus.root })).rejects.toMatchObject(message(/is parent of kernel artifacts directory path/));
  await expect(client.createLocalDeployment({ recipeDirectoryPath: 'recipes' })).rejects.toMatchObject(message(/recipeDirectoryPath: expected an absolute path/));
});

test('its bearer may also publish, listen, read all configuration and check tokens', async () => {
  const nucleus = await useNucleus();
  await nucleus.deploy({ recipes: [recipeOf('one', { lifecycle: { startup: printToken }, configuration: { Word: 'hello' } })], components: { one: '1.0.0' } });
  const client = await commandLineClient(nucleus.nucleus.root);
  const topics: string[] = [];
  const stream = client.subscribeToTopic({ topic: 'any/+' });
  stream.on('message', ({ jsonMessage }) => topics.push(jsonMessage?.context?.topic ?? ''));
  await stream.activate();
  const other = await commandLineClient(nucleus.nucleus.root);
  await other.publishToIoTCore({ topicName: 'cloud', qos: '1' as never, payload: 'x' });
  expect((await client.getConfiguration({ componentName: 'one', keyPath: [] })).value).toEqual({ Word: 'hello' });
  const token = nucleus.output('one')[0]?.slice('token '.length) ?? '';
  expect(await client.validateAuthorizationToken({ token })).toEqual({ isValid: true });
  await expect(client.validateAuthorizationToken({ token: 'AAAABBBBCCCCDDDD' })).rejects.toMatchObject({ serviceError: { message: 'Authentication token not found' } });
  expect(nucleus.nucleus.iotCoreMessages().map(({ topic }) => topic)).toEqual(['cloud']);
});

test('a component needs accessControl for any of it', async () => {
  const nucleus = await useNucleus();
  const allowed = { 'aws.greengrass.Cli': { restart: { operations: ['aws.greengrass#RestartComponent', 'aws.greengrass#ListComponents'], resources: ['other'] } } };
  const lifecycle = { startup: printToken };
  const recipes = [recipeOf('manager', { lifecycle, configuration: { accessControl: allowed } }), recipeOf('other', { lifecycle }), recipeOf('third', { lifecycle })];
  await nucleus.deploy({ recipes, components: { manager: '*', other: '*', third: '*' } });
  const client = await clientOf(nucleus, 'manager');
  expect(await client.restartComponent({ componentName: 'other' })).toMatchObject({ restartStatus: 'SUCCEEDED' });
  await expect(client.restartComponent({ componentName: 'third' })).rejects.toThrow(/UnauthorizedError/);
  // Allowed for one component is not allowed for the list of all.
  await expect(client.listComponents({})).rejects.toThrow(/UnauthorizedError/);
  await expect(client.createLocalDeployment({})).rejects.toThrow(/UnauthorizedError/);
  vi.unstubAllEnvs();
});

test('a waiting deployment is cancelled by its id', async () => {
  const nucleus = await useNucleus();
  const client = await commandLineClient(nucleus.nucleus.root);
  const slow = recipeOf('slow', { lifecycle: { install: 'sleep 1000' } });
  await client.createLocalDeployment({ ...(await folders(slow)), rootComponentVersionsToAdd: new Map([['slow', '1.0.0']]) });
  const { deploymentId = '' } = await client.createLocalDeployment({ rootComponentVersionsToAdd: new Map([['slow', '1.0.0']]) });
  expect(await client.cancelLocalDeployment({ deploymentId })).toEqual({ message: `Cancel request submitted. Deployment ID: ${deploymentId}` });
  expect((await client.getLocalDeploymentStatus({ deploymentId })).deployment.status).toBe('CANCELED');
  expect(await client.cancelLocalDeployment({ deploymentId })).toEqual({ message: 'Cancellation request is not processed because deployment is already finished' });
});
