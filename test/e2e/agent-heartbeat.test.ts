import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { heartbeatAccess } from '../../components/agent/heartbeat/access.ts';
import type { DeviceReport } from '../../components/common/device-report.ts';
import { productVersion } from '../../components/common/version.ts';
import { eventually } from '../helpers/use-agent.ts';
import { heartbeats, shadowTopic, useReportingAgent } from '../helpers/use-reporting-agent.ts';

describe('a heartbeat', () => {
  it('arrives on the topic and in the shadow of the thing, soon after the start', async () => {
    const agent = await useReportingAgent();
    await eventually(() => agent.reports().length > 0, 'a report');
    const [report] = agent.reports();
    expect(report).toEqual({
      format: 1,
      fleet: 'lobby',
      device: 'camera-7',
      time: expect.any(Number) as number,
      periodSeconds: 300,
      state: 'running',
      agent: { version: productVersion, uptimeSeconds: expect.any(Number) as number, starts: 1, crashes: 0 },
      models: [],
      system: expect.objectContaining({ architecture: process.arch, cpuPercent: expect.any(Number) as number, residentBytes: expect.any(Number) as number, memoryAvailableBytes: expect.any(Number) as number, diskFreeBytes: expect.any(Number) as number }) as object,
    });
    expect(report?.system.residentBytes).toBeGreaterThan(30e6);
    await eventually(async () => (await agent.shadow()) !== undefined, 'the shadow');
    expect((await agent.shadow())?.state.reported).toEqual(report);
  });

  it('is triggered by a model, and tells what it does', async () => {
    const agent = await useReportingAgent({ CaptureDataDestination: 'Disk' });
    await eventually(() => agent.reports().length === 1, 'the first report');
    // Should all this take longer than a report of the load can wait.
    await agent.merge({ HeartbeatPeriodSeconds: 5 });
    await agent.client.loadModel(join(agent.folder, 'tiny.onnx'), 'tiny');
    const tensor = { metadata: { name: 'x', dtype: 'UINT8' as const, shape: [3] }, bytes: new Uint8Array(3) };
    for (let count = 0; count < 3; count += 1) await agent.client.predict('tiny', [tensor]);
    await expect(agent.client.predict('tiny', [{ bytes: new Uint8Array(0) }, tensor])).rejects.toMatchObject({ kind: 'invalid-argument' });
    await agent.client.captureData({ model: 'tiny', id: 'a', inputs: [tensor], outputs: [] });
    const whole = (): DeviceReport | undefined => agent.reports().find(({ models }) => models[0]?.latestSample !== undefined);
    await eventually(() => whole() !== undefined, 'the report of all that');
    const moment = expect.any(Number) as number;
    expect(whole()?.models).toEqual([{ alias: 'tiny', name: 'tiny.onnx', provider: 'cpu', predictions: 3, errors: 1, restarts: 0, p50Ms: moment, p99Ms: moment, latestInference: moment, latestSample: moment }]);
    expect(whole()?.spool).toMatchObject({ isFailing: false });
    await agent.client.unloadModel('tiny');
    await eventually(async () => (await agent.shadow())?.state.reported.models.length === 0, 'the shadow without it');
  });

  it('says at the end that the agent stops, and counts the starts; a kill is a crash', async () => {
    const agent = await useReportingAgent();
    await eventually(() => agent.reports().length === 1, 'the first report');
    const [pid] = agent.pids();
    process.kill(pid ?? 0, 'SIGKILL');
    await eventually(() => agent.reports().length === 2, 'the report of the next agent');
    expect(agent.reports().map((report) => report.agent)).toMatchObject([{ starts: 1, crashes: 0 }, { starts: 2, crashes: 1 }]);
    await agent.nucleus.nucleus.stop();
    expect(agent.reports().at(-1)?.state).toBe('stopping');
    expect((await agent.shadow())?.state.reported.state).toBe('stopping');
    expect(JSON.parse(await readFile(join(agent.folder, 'agent-starts.json'), 'utf8'))).toEqual({ format: 1, starts: 2, crashes: 1, running: false });
  });

  it('follows the period while the agent runs', async () => {
    const agent = await useReportingAgent();
    await eventually(() => agent.reports().length === 1, 'the first report');
    await agent.merge({ HeartbeatPeriodSeconds: 5 });
    await eventually(() => agent.reports().length >= 3, 'the next ones');
    expect(agent.reports().slice(1).map(({ periodSeconds }) => periodSeconds)).not.toContain(300);
    expect(agent.pids()).toHaveLength(1);
  });

  it('that nobody may publish is told once, with what accessControl lacks, and the agent goes on', async () => {
    const agent = await useReportingAgent({ accessControl: {}, HeartbeatPeriodSeconds: 5 });
    await eventually(() => agent.logged('heartbeats are not allowed').length === 2, 'the warnings');
    await agent.client.loadModel(join(agent.folder, 'tiny.onnx'), 'tiny');
    await agent.client.predict('tiny', [{ bytes: new Uint8Array(3) }]);
    await new Promise((done) => setTimeout(done, 6_000));
    expect(agent.logged('heartbeats are not allowed')).toMatchObject([{ topic: heartbeats, accessControl: heartbeatAccess }, { topic: shadowTopic }]);
    expect(agent.reports()).toEqual([]);
    expect(agent.logged('heartbeats cannot be sent')).toEqual([]);
  });
});

describe('an update of the shadow', () => {
  it('that is rejected with a conflict is sent again', async () => {
    const agent = await useReportingAgent();
    await eventually(() => agent.updates().length === 1, 'the first update');
    await agent.cloud(`${shadowTopic}/rejected`, { code: 409, message: 'Version conflict', clientToken: agent.updates()[0]?.clientToken });
    await eventually(() => agent.updates().length === 2, 'the second update');
    expect(agent.updates()[1]?.state).toEqual(agent.updates()[0]?.state);
    expect(agent.reports()).toHaveLength(1);
    expect(agent.logged('an update of the shadow fescue was rejected')).toMatchObject([{ level: 'warn', code: 409 }]);
  });

  it('that finds no room in it is told, and heartbeats go on', async () => {
    const agent = await useReportingAgent();
    await eventually(async () => (await agent.shadow()) !== undefined, 'the shadow');
    const taken = JSON.stringify((await agent.shadow())?.state.reported).length;
    await agent.cloud(shadowTopic, { state: { desired: { text: 'x'.repeat(8_192 - taken - 30) } } });
    await agent.client.loadModel(join(agent.folder, 'tiny.onnx'), 'tiny');
    await eventually(() => agent.logged('an update of the shadow fescue was rejected').length === 1, 'the rejection');
    expect(agent.logged('an update of the shadow fescue was rejected')).toMatchObject([{ level: 'warn', code: 413, msg: expect.stringMatching(/desired state/) as string }]);
    await agent.cloud(shadowTopic, { state: { desired: null } });
    await agent.client.unloadModel('tiny');
    await eventually(() => agent.reports().length === 3, 'the next report');
    await eventually(async () => (await agent.shadow())?.state.reported.time === agent.reports()[2]?.time, 'the shadow to follow');
  });
});
