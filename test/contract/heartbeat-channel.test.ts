import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, onTestFinished, vi } from 'vitest';
import { heartbeatAccess } from '../../components/agent/heartbeat/access.ts';
import { IotChannel } from '../../components/agent/heartbeat/iot-channel.ts';
import { SagemakerChannel } from '../../components/agent/heartbeat/sagemaker-channel.ts';
import { systemClock } from '../../components/agent/capture/clock.ts';
import { connectGreengrassIpc } from '../../components/common/greengrass-ipc.ts';
import { IpcLink } from '../../components/common/ipc-link.ts';
import { ConfigStore, type JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { LocalIotCore } from '../../scripts/local-nucleus/iot-core.ts';
import { authorizer } from '../../scripts/local-nucleus/ipc-call.ts';
import { IpcServer } from '../../scripts/local-nucleus/ipc-server.ts';
import { topicOperations } from '../../scripts/local-nucleus/ipc-topics.ts';
import { ShadowStore } from '../../scripts/local-nucleus/shadow-store.ts';
import { Topics } from '../../scripts/local-nucleus/topics.ts';
import { useEdgeServer } from '../helpers/edge-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useLogger } from '../helpers/use-logger.ts';
import { type ChannelUnderTest, describeChannel } from './heartbeat-channel.ts';

const timeoutMs = 2_000;
const shared = { fleet: 'lobby', device: 'camera-7', clock: systemClock, log: useLogger().log };

describe('the channel to IoT Core', () => {
  describeChannel(async (): Promise<ChannelUnderTest> => {
    const folder = await temporaryFolder();
    const path = join(folder, 'ipc.socket');
    const arrived: number[] = [];
    const shadows = new ShadowStore(join(folder, 'shadows'));
    shadows.load(() => undefined);
    const onMessage = ({ topic, payload }: { topic: string; payload: Uint8Array }): void => {
      if (topic.endsWith('/heartbeat')) arrived.push((JSON.parse(Buffer.from(payload).toString()) as { time: number }).time);
    };
    const iotCore = new LocalIotCore({ shadows, heartbeatFile: join(folder, 'heartbeats.jsonl'), onMessage, onNote: () => undefined });
    const configurations = new ConfigStore();
    configurations.set('one', { accessControl: heartbeatAccess as unknown as JsonObject });
    const operations = topicOperations({ authorize: authorizer(configurations), iotCore, local: new Topics() });
    let server: { stop: () => Promise<void> };
    const comeBack = async (): Promise<void> => {
      const ipc = new IpcServer({ path, operations, authenticate: () => 'one', onNote: () => undefined });
      await ipc.start();
      server = ipc;
    };
    await comeBack();
    vi.stubEnv('SVCUID', 'TOKEN');
    vi.stubEnv('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT', path);
    const link = new IpcLink({ connect: async () => connectGreengrassIpc({ timeoutMs }), log: shared.log });
    const channel = new IotChannel({ ...shared, link, thing: 'camera-7', random: Math.random });
    channel.start();
    onTestFinished(async () => {
      channel.stop();
      await link.close();
      await server.stop();
      vi.unstubAllEnvs();
    });
    return {
      channel,
      arrived: () => arrived,
      goAway: async () => server.stop(),
      comeBack,
      fallSilent: async () => {
        await server.stop();
        const silent = createServer((socket) => socket.on('error', () => undefined)).listen(path);
        await once(silent, 'listening');
        server = { stop: async () => void silent.close() };
      },
    };
  });
});

describe('the channel to a server of the data plane', () => {
  describeChannel(async (): Promise<ChannelUnderTest> => {
    const edge = await useEdgeServer((id) => (id === 'AKIATEST' ? 'secret' : undefined));
    const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'token' };
    const channel = new SagemakerChannel({ ...shared, endpoint: edge.endpoint, isEndedEndpoint: false, region: 'us-east-1', credentials: () => credentials, timeoutMs });
    channel.start();
    onTestFinished(() => channel.stop());
    return {
      channel,
      arrived: () => edge.heartbeats.map(({ AgentMetrics }) => AgentMetrics?.[0]?.Timestamp ?? 0),
      goAway: async () => edge.stop(),
      comeBack: async () => edge.start(),
      fallSilent: async () => {
        edge.fault = () => 'hang';
      },
    };
  });
});
