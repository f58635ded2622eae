import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePackage } from './model-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { useAgent, type RunningAgent } from './use-agent.ts';

export const modelUrl = '../com.model.darknet';
export const alias = 'darknet';

/** Two numbers as FLOAT32; the model gives them back. */
export const twoNumbers = Buffer.from(Float32Array.of(1.5, -2).buffer);

/** How both implementations of the wire suite describe the model. */
export const darknet = {
  url: modelUrl,
  name: alias,
  inputTensorMetadatas: [{ name: Buffer.from('x'), dataType: 5, shape: [1, 2] }],
  outputTensorMetadatas: [{ name: Buffer.from('x_out'), dataType: 5, shape: [1, 2] }],
};

/** An agent and a model package in sibling work folders, as components of the original unpack. */
export async function useOriginalDevice(socketName = 'aws.greengrass.SageMakerEdgeManager.sock'): Promise<RunningAgent> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'com.model.darknet'));
  await mkdir(join(folder, 'agent'));
  await writePackage(join(folder, 'com.model.darknet'));
  return useAgent({ folder: join(folder, 'agent'), socketPath: join(folder, socketName), args: ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1'] });
}
