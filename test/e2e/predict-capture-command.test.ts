import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCaptureLine, type CaptureLine } from '../../components/common/capture-format.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { npyOf } from '../helpers/npy.ts';
import { fescue, type CommandResult } from '../helpers/run-command.ts';
import { useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage } from '../helpers/use-inference.ts';

type Scene = { predict: (...args: string[]) => Promise<CommandResult>; folder: string; lines: () => Promise<CaptureLine[]> };

async function useCapturingAgent(...args: string[]): Promise<Scene> {
  const { socketPath, folder, client } = await useAgent({ args: ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1', ...args] });
  await writeFile(join(folder, 'identity.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['n'] }]));
  await writeFile(join(folder, 'x.npy'), npyOf({ descr: '<f4', shape: '(2,)', data: new Uint8Array(Float32Array.of(1, 2).buffer) }));
  await client.loadModel('identity.onnx', 'identity');
  await client.loadModel(samplePackage, 'classifier');
  const lines = async (): Promise<CaptureLine[]> => {
    const files = (await readdir(join(folder, 'capture'), { recursive: true })).filter((name) => name.endsWith('.jsonl'));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, 'capture', name), 'utf8')));
    return texts.flatMap((text) => text.trimEnd().split('\n')).map(parseCaptureLine);
  };
  return { predict: (...words) => fescue('predict', ...words, '--socket', socketPath), folder, lines };
}

test('an image is predicted, captured with its file, and asked for', async () => {
  const { predict, lines } = await useCapturingAgent();
  expect(await predict('capture', 'classifier', '--image', join(photoFolder, 'dog.jpg'), '--id', 'my/../dog', '--at', '2026-03-14T16:11:30Z', '--wait')).toEqual({ code: 0, stdout: 'my/../dog SUCCESS\n', stderr: '' });
  const [line] = await lines();
  expect(line).toMatchObject({
    deviceFleetInputs: [{ name: 'image', observedContentType: 'Tensor[FLOAT32; 1, 3, 224, 224]' }],
    deviceFleetOutputs: [{ name: 'logits', observedContentType: 'Tensor[FLOAT32; 1, 1000]' }],
    deviceFleetAuxiliaryInputs: [{ name: 'dog.jpg', observedContentType: 'jpg', encoding: 'NONE' }],
    eventMetadata: { eventId: 'my/../dog', inferenceTime: '2026-03-14T16:11:30', modelName: 'classifier', modelVersion: '1.0.0' },
  });
  expect(await predict('status', 'my/../dog', '--json')).toMatchObject({ code: 0, stdout: '{"id":"my/../dog","status":"SUCCESS"}\n' });
  expect(await predict('status', 'another')).toMatchObject({ code: 0, stdout: 'NOT_FOUND\n' });
  expect(await predict('capture', 'classifier', '--image', join(photoFolder, 'dog.jpg'), '--id', 'my/../dog')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: ALREADY_EXISTS: Capture "my\/\.\.\/dog"/) as string });
});

test('tensors are captured with or without a prediction, and files go along', async () => {
  const { predict, folder, lines } = await useCapturingAgent();
  await writeFile(join(folder, 'note.json'), '{"shift": 2}');
  const { code, stdout } = await predict('capture', 'identity', '--tensor', join(folder, 'x.npy'), '--attach', `why=${join(folder, 'note.json')}`, '--priority', '9', '--wait', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, { id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, status: 'SUCCESS' }]);
  expect(await predict('capture', 'identity', '--tensor', `x=${join(folder, 'x.npy')}`, '--no-predict', '--id', 'inputs', '--wait')).toMatchObject({ code: 0 });
  const found = (await lines()).toSorted((a, b) => b.deviceFleetOutputs.length - a.deviceFleetOutputs.length);
  expect(found.map(({ deviceFleetInputs, deviceFleetOutputs }) => [deviceFleetInputs, deviceFleetOutputs].map((entries) => entries.map(({ name, data }) => `${name} ${data}`)))).toEqual([
    [['x AACAPwAAAEA='], ['x_out AACAPwAAAEA=']],
    [['x AACAPwAAAEA='], []],
  ]);
  expect(found[0]?.deviceFleetAuxiliaryInputs).toMatchObject([{ name: 'why', observedContentType: 'json', encoding: 'JSON', data: '{"shift": 2}' }, { name: 'fescue-priority', data: 'OQ==' }]);
});

test('waiting in vain ends with exit code 1, and bad usage with 2', async () => {
  const { predict, folder } = await useCapturingAgent('--capture-data-disk-path', '/dev/null/capture');
  const late = await predict('capture', 'identity', '--tensor', join(folder, 'x.npy'), '--id', 'late', '--wait', '--timeout', '0.5');
  expect(late).toMatchObject({ code: 1, stdout: 'late IN_PROGRESS\n', stderr: expect.stringMatching(/^fescue: Capture late is IN_PROGRESS after 0\.5 s\./) as string });
  expect(await predict('capture', 'identity')).toMatchObject({ code: 2, stderr: expect.stringContaining('give either --image or --tensor') as string });
  expect(await predict('capture', 'identity', '--tensor', 'x.npy', '--at', 'noon')).toMatchObject({ code: 2, stderr: expect.stringContaining('Expected a time such as') as string });
  expect(await predict('capture', 'identity', '--tensor', join(folder, 'missing.npy'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: Tensor file .*missing\.npy cannot be read/) as string });
});
