import { expect, onTestFinished, test } from 'vitest';
import { SagemakerChannel, type SagemakerChannelOptions } from '../../../../components/agent/heartbeat/sagemaker-channel.ts';
import { type EdgeServer, useEdgeServer } from '../../../helpers/edge-server.ts';
import { reportAt } from '../../../helpers/reports.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'token' };

type TestChannel = { channel: SagemakerChannel; edge: EdgeServer; clock: SimulatedClock; lines: Record<string, unknown>[] };

async function useChannel(options: Partial<SagemakerChannelOptions> = {}): Promise<TestChannel> {
  const edge = await useEdgeServer((id) => (id === 'AKIATEST' ? 'secret' : undefined));
  const clock = new SimulatedClock(Date.now());
  const { log, lines } = useLogger();
  const channel = new SagemakerChannel({ endpoint: edge.endpoint, isEndedEndpoint: false, region: 'us-east-1', fleet: 'lobby', device: 'camera-7', credentials: () => credentials, clock, log, timeoutMs: 2_000, ...options });
  channel.start();
  onTestFinished(() => channel.stop());
  return { channel, edge, clock, lines };
}

test('a report becomes a heartbeat of the shape that the service takes', async () => {
  const { channel, edge } = await useChannel();
  await channel.send(
    reportAt(1_700_000_000, {
      agent: { version: '1.2.3-beta+x_1', uptimeSeconds: 60, starts: 3, crashes: 1 },
      models: [
        { alias: 'classifier', name: 'efficientnet_lite0.v2', version: '1.0', predictions: 7, errors: 1, restarts: 0, p50Ms: 4.2, p99Ms: 9, latestInference: 1_699_999_999, latestSample: 1_699_999_990 },
        { alias: '…', name: 'ä', predictions: 0, errors: 0, restarts: 0 },
        { alias: 'a'.repeat(255), name: '-'.repeat(300), version: '§', predictions: 0, errors: 0, restarts: 0 },
      ],
      spool: { captures: 2, bytes: 900, isFailing: false },
      system: { cpuPercent: 12.5, residentBytes: 1e8, temperatureCelsius: 48.3 },
    }),
  );
  const Timestamp = 1_700_000_000;
  const agent = (MetricName: string, Value: number): object => ({ Dimension: 'Agent', MetricName, Value, Timestamp });
  expect(edge.refusals).toEqual([]);
  expect(edge.heartbeats).toHaveLength(1);
  const [heartbeat] = edge.heartbeats;
  expect(heartbeat).toMatchObject({ AgentVersion: '1.2.3.beta.x_1', DeviceName: 'camera-7', DeviceFleetName: 'lobby' });
  expect(heartbeat?.AgentMetrics).toEqual([agent('Uptime-Seconds', 60), agent('Start-Count', 3), agent('Crash-Count', 1), agent('CPU-Percent', 12.5), agent('Memory-Bytes', 1e8), agent('Temperature-Celsius', 48.3), agent('Captures-Waiting', 2), agent('Captures-Waiting-Bytes', 900)]);
  expect(heartbeat?.Models?.[0]).toMatchObject({ ModelName: 'efficientnet-lite0-v2', ModelVersion: '1.0', LatestInference: 1_699_999_999, LatestSampleTime: 1_699_999_990 });
  expect(heartbeat?.Models?.[0]?.ModelMetrics?.map(({ MetricName, Value }) => [MetricName, Value])).toEqual([['Prediction-Count', 7], ['Error-Count', 1], ['Worker-Restart-Count', 0], ['Latency-P50-Ms', 4.2], ['Latency-P99-Ms', 9]]);
  expect(heartbeat?.Models?.map(({ ModelName }) => ModelName)).toEqual(['efficientnet-lite0-v2', 'unknown', 'unknown']);
});

test.each([
  ['a text', '100', 100],
  ['a number', 100, 100],
  ['too little', '1', 60],
  ['nothing', null, 86_400],
  ['a word', 'soon', 86_400],
])('a registration that holds for %s is asked for again after that', async (_, cacheTtl, seconds) => {
  const { channel, edge, clock } = await useChannel();
  edge.cacheTtl = cacheTtl;
  await channel.send(reportAt(1));
  expect(edge.calls).toEqual(['GetDeviceRegistration', 'SendHeartbeat']);
  // Signatures follow the time of day, which has to be right.
  clock.setBack((seconds - 1) * 1000);
  await clock.advance((seconds - 1) * 1000);
  await channel.send(reportAt(2));
  expect(edge.calls.slice(2)).toEqual(['SendHeartbeat']);
  clock.setBack(2_000);
  await clock.advance(2_000);
  await channel.send(reportAt(3));
  expect(edge.calls.slice(3)).toEqual(['GetDeviceRegistration', 'SendHeartbeat']);
});

test.each([
  ['SendHeartbeat', 400, 'ValidationException', 'invalid-argument', /SendHeartbeat was answered with status 400 \(ValidationException: told to\)\./],
  ['GetDeviceRegistration', 400, 'ResourceNotFoundException', 'failed-precondition', /Register the device in the fleet/],
  ['SendHeartbeat', 403, 'AccessDeniedException', 'failed-precondition', /has to allow sagemaker:SendHeartbeat/],
  ['SendHeartbeat', 429, 'ThrottlingException', 'unavailable', /status 429/],
  ['SendHeartbeat', 500, 'InternalServiceException', 'unavailable', /status 500/],
  ['SendHeartbeat', 503, '', 'unavailable', /status 503 \(told to\)/],
])('an answer to %s with %d %s is %s', async (operation, status, type, kind, message) => {
  const { channel, edge } = await useChannel();
  edge.fault = (one) => (one === operation ? { status, type } : undefined);
  await expect(channel.send(reportAt(1))).rejects.toMatchObject({ kind, message: expect.stringMatching(message) as string });
  edge.fault = () => undefined;
  await channel.send(reportAt(2));
  expect(edge.heartbeats).toHaveLength(1);
});

test('a wrong secret is told as a refusal that somebody has to cure, without the secret', async () => {
  const { channel, edge } = await useChannel({ credentials: () => ({ ...credentials, secretAccessKey: 'another-secret' }) });
  const failure: unknown = await channel.send(reportAt(1)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/403 \(InvalidSignatureException.*clock of the device/) as string });
  expect(String(failure)).not.toContain('secret');
  expect(edge.heartbeats).toEqual([]);
});

test('another region and a clock that is wrong are refused by their signature', async () => {
  for (const options of [{ region: 'eu-west-1' }, { clock: new SimulatedClock(Date.now() - 3_600_000) }]) {
    const { channel } = await useChannel(options);
    await expect(channel.send(reportAt(1))).rejects.toMatchObject({ kind: 'failed-precondition' });
  }
});

test('without credentials nothing is sent', async () => {
  const { channel, edge } = await useChannel({ credentials: () => undefined });
  await expect(channel.send(reportAt(1))).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/no AWS credentials/) as string });
  expect(edge.calls).toEqual([]);
});

test('an answer that is cut off, endless or a web page is bounded', async () => {
  const { channel, edge } = await useChannel();
  edge.fault = () => 'cut';
  await expect(channel.send(reportAt(1))).rejects.toMatchObject({ kind: 'unavailable' });
  edge.fault = () => ({ status: 500, body: 'x'.repeat(200_000) });
  await expect(channel.send(reportAt(1))).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/more than 65536 bytes/) as string });
  edge.fault = () => ({ status: 404, body: 'y'.repeat(5_000) });
  const failure: unknown = await channel.send(reportAt(1)).catch((error: unknown) => error);
  expect(String(failure).length).toBeLessThan(500);
});

test('the endpoint that has ended, and names that the service never took, are told at the start', async () => {
  const { lines } = await useChannel({ isEndedEndpoint: true, device: 'camera:7', fleet: 'f'.repeat(64) });
  expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([{ msg: expect.stringMatching(/ended this service in April 2024/) as string }, { DeviceFleetName: 'f'.repeat(64) }, { DeviceName: 'camera:7' }]);
});
