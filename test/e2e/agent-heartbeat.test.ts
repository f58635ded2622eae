import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import { deviceReportSchema, type DeviceReport } from '../../components/common/device-report.ts';
import { productVersion } from '../../components/common/version.ts';
import type { JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { readShadows } from '../../scripts/local-nucleus/read-shadows.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { agentArtifacts, agentComponent, agentRecipe, agentVersion } from '../helpers/agent-recipe.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { useNucleus, type TestNucleus } from '../helpers/use-nucleus.ts';

const topic = 'fescue/fleet/lobby/camera-7/heartbeat';

type ReportingAgent = {
  nucleus: TestNucleus;
  client: AgentClient;
  folder: string;
  /** What arrived on the topic of heartbeats, oldest first. */
  reports: () => DeviceReport[];
  shadow: () => Promise<{ state: { reported: DeviceReport }; version: number } | undefined>;
  pids: () => number[];
  logged: (message: string) => Record<string, unknown>[];
};

/** The agent below a nucleus, by its own recipe, as the camera of a lobby. */
async function useReportingAgent(configuration: JsonObject = {}): Promise<ReportingAgent> {
  const folder = await temporaryFolder();
  const socketPath = join(folder, 'agent.sock');
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  const nucleus = await useNucleus({ thingName: 'camera-7' });
  const recipe = agentRecipe({ UnixSocketName: socketPath, DeviceFleetName: 'lobby', LocalDataRootPath: folder, CaptureDataDiskPath: join(folder, 'captures'), ...configuration });
  await nucleus.deploy({ recipes: [recipe], artifacts: agentArtifacts, components: { [agentComponent]: agentVersion } });
  const client = new AgentClient({ socketPath });
  onTestFinished(() => client.close());
  await client.waitUntilReady(20_000);
  const reports = (): DeviceReport[] => nucleus.nucleus.iotCoreMessages().flatMap((message) => (message.topic === topic ? [deviceReportSchema.parse(JSON.parse(Buffer.from(message.payload).toString()))] : []));
  return {
    nucleus,
    client,
    folder,
    reports,
    shadow: async () => {
      for await (const { thing, document } of readShadows({ root: nucleus.nucleus.root, shadow: 'fescue', onNote: () => undefined })) {
        if (thing === 'camera-7') return JSON.parse(document) as { state: { reported: DeviceReport }; version: number };
      }
      return undefined;
    },
    pids: () => nucleus.output(agentComponent).flatMap((line) => (line.startsWith('pid ') ? [Number(line.slice(4))] : [])),
    logged: (message) => nucleus.output(agentComponent).flatMap((line) => (line.includes(`"msg":"${message}`) ? [JSON.parse(line) as Record<string, unknown>] : [])),
  };
}

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
    await agent.client.loadModel(join(agent.folder, 'tiny.onnx'), 'tiny');
    const tensor = { metadata: { name: 'x', dtype: 'UINT8' as const, shape: [3] }, bytes: new Uint8Array(3) };
    for (let count = 0; count < 3; count += 1) await agent.client.predict('tiny', [tensor]);
    await expect(agent.client.predict('tiny', [{ bytes: new Uint8Array(0) }, tensor])).rejects.toMatchObject({ kind: 'invalid-argument' });
    await agent.client.captureData({ model: 'tiny', id: 'a', inputs: [tensor], outputs: [] });
    await eventually(() => agent.reports().length === 2, 'the report of the model');
    const second = agent.reports()[1];
    const moment = expect.any(Number) as number;
    expect(second?.models).toEqual([{ alias: 'tiny', name: 'tiny.onnx', provider: 'cpu', predictions: 3, errors: 1, restarts: 0, p50Ms: moment, p99Ms: moment, latestInference: moment, latestSample: moment }]);
    expect(second?.spool).toMatchObject({ isFailing: false });
    await agent.client.unloadModel('tiny');
    await eventually(() => agent.reports().length === 3, 'the report without it');
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
});
