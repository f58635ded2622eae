import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { expect, it } from 'vitest';
import { heartbeatAccess } from '../../components/agent/heartbeat/access.ts';
import type { JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { buildComponents } from '../../scripts/packaging/build-components.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { useEdgeServer } from '../helpers/edge-server.ts';
import { healthClient } from '../helpers/health-client.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { askReflection } from '../helpers/reflection-client.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { secretMark, useTokenEndpoint } from '../helpers/token-endpoint.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { useIpc } from '../helpers/use-ipc.ts';

it('the agent of the built archive answers health and reflection, predicts, captures and reports', async () => {
  const folder = await temporaryFolder();
  const { artifactDir, components } = await buildComponents({ folder: join(folder, 'build') });
  await extract({ file: join(artifactDir, componentNames.agent, components[componentNames.agent] ?? '', 'agent.tar.gz'), cwd: folder });
  const bundled = { folder, program: join(folder, 'agent.cjs') };
  const NODE_PATH = inCheckout('node_modules');
  const ipc = await useIpc();
  await ipc.serve({ accessControl: heartbeatAccess as unknown as JsonObject });
  const agent = await useAgent({ ...bundled, args: ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1'], environment: { NODE_PATH, ...ipc.environment, AWS_IOT_THING_NAME: 'camera-7' } });

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
  await eventually(() => ipc.messages.length >= 2, 'a heartbeat and its shadow');

  const tokens = await useTokenEndpoint();
  const edge = await useEdgeServer((id) => (tokens.ends.has(id) ? `secret-${secretMark}` : undefined));
  const args = ['--provider', 'sagemaker-edge', '--sagemaker-edge-endpoint', edge.endpoint, '--aws-region', 'us-east-1', '--device-name', 'camera-8', '--local-data-root-path', await temporaryFolder()];
  await useAgent({ ...bundled, socketPath: join(folder, 'other.sock'), args, environment: { NODE_PATH, ...tokens.environment } });
  await eventually(() => edge.heartbeats.length > 0, 'a heartbeat at the server');
});
