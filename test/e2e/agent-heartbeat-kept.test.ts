import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { heartbeatAccess } from '../../components/agent/heartbeat/access.ts';
import type { DeviceReport } from '../../components/common/device-report.ts';
import { productVersion } from '../../components/common/version.ts';
import type { JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { useEdgeServer } from '../helpers/edge-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { secretMark, useTokenEndpoint } from '../helpers/token-endpoint.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';
import { useIpc } from '../helpers/use-ipc.ts';
import { reportsIn, shadowTopic } from '../helpers/use-reporting-agent.ts';

it('reports that nobody took are kept, also by an agent that is killed, and come in order when the nucleus is back', async () => {
  const ipc = await useIpc();
  const configuration = { HeartbeatPeriodSeconds: 5, accessControl: heartbeatAccess as unknown as JsonObject };
  const folder = await temporaryFolder();
  const start = async (): Promise<RunningAgent> => useAgent({ folder, args: ['--device-fleet-name', 'lobby', '--heartbeat-period-seconds', '5'], environment: { ...ipc.environment, AWS_IOT_THING_NAME: 'camera-7' } });
  const kept = async (): Promise<DeviceReport[]> => (await readFile(join(folder, 'heartbeats.jsonl'), 'utf8').catch(() => '')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as DeviceReport);
  const first = await start();
  await eventually(async () => (await kept()).length === 1, 'the first report to be kept');
  expect(first.output()).toContain('heartbeats cannot be sent; they are kept');
  await first.stop('SIGKILL');
  const second = await start();
  await eventually(async () => (await kept()).length === 3, 'three reports to be kept');
  const waiting = await kept();
  await ipc.serve(configuration);
  const arrived = (): DeviceReport[] => reportsIn(ipc.messages);
  await eventually(() => arrived().length > 3, 'all reports');
  expect(arrived().slice(0, 3)).toEqual(waiting);
  expect(arrived().slice(0, 2).map(({ agent }) => [agent.starts, agent.crashes])).toEqual([[1, 0], [2, 1]]);
  const times = arrived().map(({ time }) => time);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  // Only the newest is how the device is.
  const shadows = ipc.messages.flatMap((message) => (message.topic === shadowTopic ? [(JSON.parse(Buffer.from(message.payload).toString()) as { state: { reported: DeviceReport } }).state.reported.time] : []));
  expect(shadows.length).toBeGreaterThan(0);
  expect(Math.min(...shadows)).toBeGreaterThanOrEqual(times[2] ?? Infinity);
  await eventually(() => second.output().includes('heartbeats are taken again'), 'the log to say so');
  await eventually(() => !existsSync(join(folder, 'heartbeats.jsonl')), 'the file to be gone');
});

it('a device that is no thing of AWS IoT has no heartbeats, no warning and no files', async () => {
  const ipc = await useIpc();
  await ipc.serve({ accessControl: heartbeatAccess as unknown as JsonObject });
  const agent = await useAgent({ environment: { ...ipc.environment, AWS_IOT_THING_NAME: '' } });
  await eventually(() => agent.output().includes('connected to the Greengrass nucleus'), 'a connection');
  expect(agent.output()).toContain('no heartbeats: Provider iot reports through Greengrass as a thing of AWS IoT, which this device is not');
  expect(await agent.stop()).toBe(0);
  expect(agent.output()).not.toContain('"level":"warn"');
  expect(ipc.messages).toEqual([]);
  expect(await readdir(agent.folder)).toEqual([]);
});

describe('without Greengrass', () => {
  it('there are no heartbeats to IoT Core, no warning and no files', async () => {
    const agent = await useAgent();
    expect(agent.output()).toContain('"level":"info"');
    expect(agent.output()).toContain('no heartbeats: Provider iot reports through Greengrass');
    expect(agent.output()).not.toContain('"level":"warn"');
    expect(await agent.stop()).toBe(0);
    expect(await readdir(agent.folder)).toEqual([]);
  });

  it('a server of the data plane gets heartbeats, signed with credentials of the token exchange service', async () => {
    const tokens = await useTokenEndpoint();
    const edge = await useEdgeServer((id) => (tokens.ends.has(id) ? `secret-${secretMark}` : undefined));
    const agent = await useAgent({ args: ['--provider', 'sagemaker-edge', '--sagemaker-edge-endpoint', edge.endpoint, '--aws-region', 'us-east-1', '--device-name', 'camera-7', '--device-fleet-name', 'lobby', '--heartbeat-period-seconds', '5'], environment: { ...tokens.environment } });
    await eventually(() => edge.heartbeats.length === 1, 'the first heartbeat');
    expect(edge.heartbeats[0]).toMatchObject({ AgentVersion: productVersion, DeviceName: 'camera-7', DeviceFleetName: 'lobby', Models: [] });
    await edge.stop();
    await eventually(() => agent.output().includes('heartbeats cannot be sent; they are kept'), 'the next one to be kept');
    await edge.start();
    await eventually(() => edge.heartbeats.length >= 3, 'all of them');
    expect(edge.refusals).toEqual([]);
    expect(edge.calls.filter((call) => call === 'GetDeviceRegistration')).toHaveLength(1);
    const before = edge.heartbeats.length;
    expect(await agent.stop()).toBe(0);
    expect(edge.heartbeats).toHaveLength(before + 1);
    expect(agent.output()).not.toContain(secretMark);
  });

  it('a server that answers nothing delays the end by a second at most, and the last report is kept', async () => {
    const tokens = await useTokenEndpoint();
    const edge = await useEdgeServer((id) => (tokens.ends.has(id) ? `secret-${secretMark}` : undefined));
    edge.fault = () => 'hang';
    const agent = await useAgent({ args: ['--provider', 'sagemaker-edge', '--sagemaker-edge-endpoint', edge.endpoint, '--aws-region', 'us-east-1', '--device-name', 'camera-7', '--device-fleet-name', 'lobby', '--log-level', 'debug'], environment: { ...tokens.environment } });
    await eventually(() => edge.calls.length > 0, 'a call');
    expect(await agent.stop()).toBe(0);
    // Of the ten seconds that a call may take.
    expect(agent.output()).toContain('"reason":"not done within 500 ms","msg":"nobody could be told that the agent stops"');
    expect(await readFile(join(agent.folder, 'heartbeats.jsonl'), 'utf8')).toMatch(/"state":"stopping".*\n$/);
  });
});
