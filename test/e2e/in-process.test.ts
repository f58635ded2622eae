import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dataTypes } from '../../components/common/tensor.ts';
import { openInProcess } from '../../scripts/measure/in-process.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { childrenOf } from '../helpers/processes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';

/** The baseline of a model, with two programs. */
async function open(model: Buffer, signal = new AbortController().signal): ReturnType<typeof openInProcess> {
  const path = join(await temporaryFolder(), 'model.onnx');
  await writeFile(path, model);
  return openInProcess({ path, shapes: new Map(), intraOpThreads: 1, instances: 2, signal });
}

test('runs models of every data type in programs that share the callers, and ends them', async () => {
  const before = childrenOf(process.pid);
  const contender = await open(identityModel(dataTypes.map((type) => ({ name: type, type, shape: ['n', 2] }))));
  onTestFinished(contender.close);
  expect(childrenOf(process.pid).length).toBe(before.length + 2);
  expect((await contender.takeTurn({ callers: 1, ms: 0 })).samples.length).toBe(1);
  expect((await contender.takeTurn({ callers: 5, ms: 0 })).samples.length).toBe(5);
  expect(contender.cpuMs()).toBeGreaterThan(0);
  contender.close();
  await eventually(() => childrenOf(process.pid).length === before.length, 'both programs to end');
});

test('a model that cannot be opened is refused, and no program is left', async () => {
  const before = childrenOf(process.pid).length;
  await expect(open(Buffer.from('no model'))).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/does not run in process: ONNX Runtime cannot load/) as string });
  await eventually(() => childrenOf(process.pid).length === before, 'both programs to end');
});

test('a turn under way ends when the signal is aborted', async () => {
  const controller = new AbortController();
  const contender = await open(slowModel({ steps: 10 }), controller.signal);
  const turn = contender.takeTurn({ callers: 2, ms: 600_000 });
  controller.abort();
  await expect(turn).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(contender.takeTurn({ callers: 1, ms: 0 })).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a program ends with its parent, and not before', async () => {
  const program = fork(inCheckout('scripts/measure/in-process-main.ts'), [], { serialization: 'advanced', stdio: 'ignore' });
  onTestFinished(() => void program.kill('SIGKILL'));
  program.send({ kind: 'open', path: '/nowhere.onnx', intraOpThreads: 1, shapes: new Map() });
  expect(await once(program, 'message')).toMatchObject([{ kind: 'failed' }, undefined]);
  program.kill('SIGINT');
  program.send({ kind: 'open', path: '/nowhere.onnx', intraOpThreads: 1, shapes: new Map() });
  expect(await once(program, 'message')).toMatchObject([{ kind: 'failed' }, undefined]);
  program.disconnect();
  expect(await once(program, 'exit')).toEqual([0, null]);
});
