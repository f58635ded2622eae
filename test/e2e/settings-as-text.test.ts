import { expect, test } from 'vitest';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';
import { useIpc } from '../helpers/use-ipc.ts';

// Nucleus lite tells numbers and flags as text, and an empty text as null.

test('an agent takes its live settings as text', async () => {
  const ipc = await useIpc();
  const { configurations } = await ipc.serve({ QueueSize: '3', StopTimeoutSeconds: '1.5', BucketName: null, LogLevel: null, AllowWritableSharedMemory: 'false' });
  const agent = await useAgent({ environment: ipc.environment });
  await eventually(() => agent.output().includes('"settings":{"QueueSize":3,"StopTimeoutSeconds":1.5},"msg":"configuration changed"'), 'the settings');
  configurations.set('one', { QueueSize: null, StopTimeoutSeconds: '10', LogLevel: 'debug', CaptureDataPushPeriodSeconds: '0.5' });
  await eventually(() => agent.output().includes('"settings":{"QueueSize":64,"StopTimeoutSeconds":10,"CaptureDataPushPeriodSeconds":0.5,"LogLevel":"debug"},"msg":"configuration changed"'), 'the change');
  expect(agent.output()).not.toContain('"level":"warn"');
});

test('an inference component takes its settings as text, from the start and later', async () => {
  const [ipc, agent] = [await useIpc(), await useAgent()];
  const first = { ImageDirectory: photoFolder, ImageName: 'dog.jpg', InferenceInterval: '0.1', ModelPath: samplePackage, UnixSocketName: agent.socketPath, PublishTo: 'stdout', ScoreThreshold: '0', MaxResults: '2', CaptureLabels: null, CapturePriority: null, CaptureOnTopChange: 'false' };
  const { configurations } = await ipc.serve(first);
  const component = useInference({}, { environment: ipc.environment });
  await eventually(() => component.results().length > 1, 'results');
  expect(component.results()[0]?.['inference-results']).toHaveLength(2);
  configurations.set('one', { ...first, MaxResults: '3', CaptureEveryNth: '1', CaptureImage: 'true', ScoreThreshold: '0.0' });
  await eventually(() => component.results().at(-1)?.['inference-results'].length === 3, 'the change');
  expect(component.logged()).toContainEqual(expect.objectContaining({ msg: 'configuration changed', settings: { MaxResults: 3, CaptureEveryNth: 1, CaptureImage: true } }));
  expect(component.logged().filter(({ msg }) => /^configuration key|refused; going on/.test(String(msg)))).toEqual([]);
});
