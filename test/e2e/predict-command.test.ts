import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { npyOf } from '../helpers/npy.ts';
import { fescue } from '../helpers/run-command.ts';
import { useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage } from '../helpers/use-inference.ts';

describe('fescue predict', () => {
  test('goes through the life of a model, as tables', async () => {
    const { socketPath } = await useAgent();
    const predict = (...args: string[]): ReturnType<typeof fescue> => fescue('predict', ...args, '--socket', socketPath);
    expect(await predict('list')).toEqual({ code: 0, stdout: 'No model is loaded.\n', stderr: '' });
    const loaded = await predict('load', samplePackage, 'classifier');
    expect(loaded.stdout).toMatch(/^name +url +inputs +outputs\nclassifier +\/.*\/package +image FLOAT32 \[1, 3, 224, 224\] +/);
    expect((await predict('describe', 'classifier')).stdout).toBe(loaded.stdout);
    const answer = await predict('predict', 'classifier', '--image', join(photoFolder, 'dog.jpg'), '--top', '2');
    expect(answer.stdout).toMatch(/^label +score\nGerman shepherd +0\.9\d+\nmalinois +0\.\d+\n$/);
    expect((await predict('unload', 'classifier')).stdout).toBe('Unloaded classifier.\n');
  });

  test('prints JSON for programs', async () => {
    const { socketPath, folder } = await useAgent();
    const predict = async (...args: string[]): Promise<unknown> => JSON.parse((await fescue('predict', ...args, '--socket', socketPath, '--json')).stdout);
    await writeFile(join(folder, 'identity.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['n', 2] }]));
    const model = { url: 'identity.onnx', name: 'identity', inputs: [{ name: 'x', dtype: 'FLOAT32', shape: [-1, 2] }], outputs: [{ name: 'x_out', dtype: 'FLOAT32', shape: [-1, 2] }] };
    expect(await predict('load', 'identity.onnx', 'identity')).toEqual([model]);
    expect(await predict('list')).toEqual([model]);
    await writeFile(join(folder, 'x.npy'), npyOf({ descr: '<f4', shape: '(2, 2)', data: new Uint8Array(Float32Array.of(1, 2, 3, 4.5).buffer) }));
    for (const tensor of [join(folder, 'x.npy'), `x=${join(folder, 'x.npy')}`]) {
      expect(await predict('predict', 'identity', '--tensor', tensor)).toEqual({ outputs: [{ name: 'x_out', dtype: 'FLOAT32', shape: [2, 2], values: [1, 2, 3, 4.5] }] });
    }
    expect(await predict('unload', 'identity')).toEqual({ unloaded: 'identity' });
  });

  test("prints the agent's status and text when it refuses", async () => {
    const { socketPath, folder } = await useAgent();
    const refused = await fescue('predict', 'describe', 'nobody', '--socket', socketPath);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^fescue: NOT_FOUND: .*nobody/) as string });
    expect((await fescue('predict', 'load', folder, 'no good name', '--socket', socketPath)).stderr).toMatch(/^fescue: INVALID_ARGUMENT: /);
    expect((await fescue('predict', 'list', '--socket', join(folder, 'nowhere.sock'))).stderr).toMatch(/^fescue: UNAVAILABLE: No agent answers on .*nowhere\.sock\. Start it, or name its socket\.\n$/);
    await writeFile(join(folder, 'identity.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
    await fescue('predict', 'load', 'identity.onnx', 'identity', '--socket', socketPath);
    expect((await fescue('predict', 'predict', 'identity', '--image', join(photoFolder, 'dog.jpg'), '--socket', socketPath)).stderr).toMatch(/How to prepare an image for identity is not known.*--package.*--tensor/);
  });

  test.each([
    [['predict', 'x']],
    [['predict', 'x', '--image', 'a', '--tensor', 'b']],
    [['predict', 'x', '--image', 'a', '--top', 'none']],
    [['describe']],
    [['list', '--timeout', '0']],
    [['nonsense']],
    [['list', '--sokcet', 'x']],
  ])('%j is bad usage', async (args) => {
    const { code, stdout, stderr } = await fescue('predict', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

test.each([[[]], [['demo']], [['dev']], [['agent']], [['predict']], [['predict', 'list']], [['predict', 'load']], [['predict', 'describe']], [['predict', 'predict']], [['predict', 'unload']]])('fescue %j --help has examples', async (args) => {
  const { code, stdout } = await fescue(...args, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Examples?:\n/);
});
