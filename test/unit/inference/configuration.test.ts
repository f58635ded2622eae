import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type ConfigurationService, readConfiguration } from '../../../components/inference/configuration.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

function service(own: Record<string, unknown>, agent?: Record<string, unknown>): ConfigurationService {
  return { getConfiguration: async (component) => (component === undefined ? own : component === 'dev.fescue.EdgeAgent' ? agent : undefined) };
}

const read = (sources: Partial<Parameters<typeof readConfiguration>[0]>): ReturnType<typeof readConfiguration> => readConfiguration({ ipc: undefined, environment: {}, flags: {}, ...sources });

test('the keys of the sample component work, as text too', async () => {
  const { settings, unknownKeys } = await read({
    ipc: service({ ImageName: 'cat.jpg', ImageDirectory: '/data', InferenceInterval: '5', PublishResultsOnTopic: 'my/topic', ModelName: 'm', ModelPath: '/m', UnixSocketName: '/s', ScoreThreshold: '0.5', MaxResults: '2', accessControl: {}, Other: 1 }),
  });
  expect(settings).toMatchObject({ ImageName: 'cat.jpg', ImageDirectory: '/data', InferenceInterval: 5, PublishResultsOnTopic: 'my/topic', ScoreThreshold: 0.5, MaxResults: 2, UnixSocketName: '/s', PublishTo: 'iot-core' });
  expect(unknownKeys).toEqual(['Other']);
});

test('flags win over the environment, the environment over a file, a file over Greengrass', async () => {
  const file = join(await temporaryFolder(), 'settings.json');
  await writeFile(file, '{"MaxResults": 2, "ModelName": "file", "ModelPath": "file"}');
  const { settings } = await read({
    ipc: service({ MaxResults: 1, ModelName: 'greengrass', ModelPath: 'greengrass', ImageName: 'greengrass' }),
    file,
    environment: { FESCUE_MODEL_NAME: 'environment', FESCUE_MODEL_PATH: 'environment' },
    flags: { ModelPath: 'flag' },
  });
  expect(settings).toMatchObject({ ImageName: 'greengrass', MaxResults: 2, ModelName: 'environment', ModelPath: 'flag' });
});

test('all problems are told at once', async () => {
  const wrong = { InferenceInterval: 'soon', ScoreThreshold: 2, PublishTo: 'nowhere', ModelName: 'a b' };
  for (const problem of [/InferenceInterval: expected a number from 0\.1 to 31536000, got "soon"/, /ScoreThreshold: .*got 2/, /PublishTo: expected one of iot-core, local, stdout/, /ModelName: expected letters/]) {
    await expect(read({ ipc: service(wrong) })).rejects.toThrow(problem);
  }
});

test('at the start, a live setting that cannot be used is left at its default and told; others, and those by hand, are refused', async () => {
  const refused: string[] = [];
  const onRefused = (problem: string): void => void refused.push(problem);
  const { settings, unknownKeys } = await read({ ipc: service({ ScoreThreshold: 2, MaxResults: 3, CaptureEveryNth: 'often', Other: 1 }), onRefused });
  expect(settings).toMatchObject({ ScoreThreshold: 0.3, MaxResults: 3, CaptureEveryNth: 0 });
  expect(unknownKeys).toEqual(['Other']);
  expect(refused).toEqual(['ScoreThreshold: expected a number from 0 to 1, got 2', expect.stringMatching(/^CaptureEveryNth: .*got "often"$/)]);
  await expect(read({ ipc: service({ ModelName: 'a b' }), onRefused })).rejects.toThrow(/ModelName/);
  await expect(read({ ipc: service({}), flags: { ScoreThreshold: 2 }, onRefused })).rejects.toThrow(/ScoreThreshold/);
});

test('without a nucleus, results go to stdout, and nowhere else', async () => {
  expect((await read({})).settings.PublishTo).toBe('stdout');
  await expect(read({ flags: { PublishTo: 'local' } })).rejects.toThrow(/local takes a Greengrass nucleus, and none started this process; use stdout/);
});

test("the agent's socket: our own setting, else the agent's, else the one clients know", async () => {
  const socketOf = async (own: object, agent?: Record<string, unknown>): Promise<string> => (await read({ ipc: service({ ...own }, agent) })).settings.UnixSocketName;
  expect(await socketOf({ UnixSocketName: '/own' }, { UnixSocketName: '/agents' })).toBe('/own');
  expect(await socketOf({}, { UnixSocketName: '/agents' })).toBe('/agents');
  expect(await socketOf({}, { UnixSocketName: 'agent.sock' })).toBe(resolve('../dev.fescue.EdgeAgent/agent.sock'));
  expect(await socketOf({})).toBe('/tmp/aws.greengrass.SageMakerEdgeManager.sock');
});

test('a file that is no settings file is named', async () => {
  await expect(read({ file: '/nowhere.json' })).rejects.toThrow(/\/nowhere\.json cannot be read: there is no such file/);
});
