import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QOS } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { onTestFinished } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import { deviceReportSchema, type DeviceReport } from '../../components/common/device-report.ts';
import type { JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { readShadows } from '../../scripts/local-nucleus/read-shadows.ts';
import type { TopicMessage } from '../../scripts/local-nucleus/topics.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { agentArtifacts, agentComponent, agentRecipe, agentVersion } from './agent-recipe.ts';
import { commandLineClient } from './command-line.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { useNucleus, type TestNucleus } from './use-nucleus.ts';

/** Where the camera of the lobby reports to. */
export const heartbeats = 'fescue/fleet/lobby/camera-7/heartbeat';
export const shadowTopic = '$aws/things/camera-7/shadow/name/fescue/update';

export type ReportingAgent = {
  nucleus: TestNucleus;
  client: AgentClient;
  folder: string;
  /** What arrived on the topic of heartbeats, oldest first. */
  reports: () => DeviceReport[];
  shadow: () => Promise<{ state: { reported: DeviceReport }; version: number } | undefined>;
  merge: (changes: JsonObject) => Promise<void>;
  /** Updates of the shadow that the agent published. */
  updates: () => { state: object; clientToken: string }[];
  /** Publishes as somebody else. */
  cloud: (to: string, message: object) => Promise<void>;
  pids: () => number[];
  logged: (message: string) => Record<string, unknown>[];
};

/** The heartbeats among messages. */
export function reportsIn(messages: readonly TopicMessage[]): DeviceReport[] {
  return messages.flatMap(({ topic, payload }) => (topic === heartbeats ? [deviceReportSchema.parse(JSON.parse(Buffer.from(payload).toString()))] : []));
}

/** The agent below a nucleus, by its own recipe, as the camera of a lobby. */
export async function useReportingAgent(configuration: JsonObject = {}): Promise<ReportingAgent> {
  const folder = await temporaryFolder();
  const socketPath = join(folder, 'agent.sock');
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  const nucleus = await useNucleus({ thingName: 'camera-7' });
  const recipe = agentRecipe({ UnixSocketName: socketPath, DeviceFleetName: 'lobby', LocalDataRootPath: folder, CaptureDataDiskPath: join(folder, 'captures'), ...configuration });
  const merge = async (changes: JsonObject): Promise<void> => nucleus.deploy({ recipes: [recipe], artifacts: agentArtifacts, components: { [agentComponent]: agentVersion }, configuration: { [agentComponent]: { MERGE: changes } } });
  await merge({});
  const client = new AgentClient({ socketPath });
  onTestFinished(() => client.close());
  await client.waitUntilReady(20_000);
  return {
    nucleus,
    client,
    folder,
    merge,
    reports: () => reportsIn(nucleus.nucleus.iotCoreMessages()),
    updates: () => nucleus.nucleus.iotCoreMessages().flatMap((message) => (message.topic === shadowTopic && message.from === agentComponent ? [JSON.parse(Buffer.from(message.payload).toString()) as { state: object; clientToken: string }] : [])),
    cloud: async (to, message) => {
      const everybody = await commandLineClient(nucleus.nucleus.root);
      await everybody.publishToIoTCore({ topicName: to, qos: QOS.AT_LEAST_ONCE, payload: JSON.stringify(message) });
    },
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
