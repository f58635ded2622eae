import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { expect, it } from 'vitest';
import { buildComponents } from '../../scripts/packaging/build-components.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { healthClient } from '../helpers/health-client.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { askReflection } from '../helpers/reflection-client.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';

it('the agent of the built archive answers health and reflection, predicts and captures', async () => {
  const folder = await temporaryFolder();
  const { artifactDir, components } = await buildComponents({ folder: join(folder, 'build') });
  await extract({ file: join(artifactDir, componentNames.agent, components[componentNames.agent] ?? '', 'agent.tar.gz'), cwd: folder });
  const agent = await useAgent({ folder, program: join(folder, 'agent.cjs'), args: ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1'], environment: { NODE_PATH: inCheckout('node_modules') } });

  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
  await agent.client.loadModel('tiny.onnx', 'a');
  expect(await agent.client.predict('a', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
  await agent.client.captureData({ model: 'a', id: '1', inputs: [{ bytes: new Uint8Array(4), metadata: { name: 'x', dtype: 'FLOAT32', shape: [1] } }], outputs: [] });
  await eventually(async () => (await agent.client.captureStatus('1')) === 'SUCCESS', 'the capture to be delivered');
  expect(await healthClient(agent.socketPath).check('model/a')).toBe('SERVING');
  for (const version of ['v1', 'v1alpha'] as const) {
    const { fileDescriptorResponse } = await askReflection(agent.socketPath, version, { fileContainingSymbol: 'AWS.SageMaker.Edge.Agent.Predict' });
    expect(fileDescriptorResponse?.fileDescriptorProto).toHaveLength(1);
  }
});
