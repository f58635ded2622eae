import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigStore, type JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { ComponentUpdates } from '../../scripts/local-nucleus/component-updates.ts';
import { LocalIotCore } from '../../scripts/local-nucleus/iot-core.ts';
import { authorizer } from '../../scripts/local-nucleus/ipc-call.ts';
import { configurationOperations } from '../../scripts/local-nucleus/ipc-configuration.ts';
import { lifecycleOperations } from '../../scripts/local-nucleus/ipc-lifecycle.ts';
import { IpcServer } from '../../scripts/local-nucleus/ipc-server.ts';
import { topicOperations } from '../../scripts/local-nucleus/ipc-topics.ts';
import { ShadowStore } from '../../scripts/local-nucleus/shadow-store.ts';
import { type TopicMessage, Topics } from '../../scripts/local-nucleus/topics.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type TestIpc = {
  /** What makes a process the component `one` of this nucleus. */
  environment: { SVCUID: string; AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: string };
  path: string;
  /** Begins to serve, with the configuration of `one`. */
  serve: (configuration: JsonObject) => Promise<{ server: IpcServer; configurations: ConfigStore }>;
  /** The states that were reported. */
  states: string[];
  /** What was published to AWS IoT Core, as its accessControl allows it. */
  messages: TopicMessage[];
};

/** The IPC of a nucleus that can go and come back. */
export async function useIpc(): Promise<TestIpc> {
  const folder = await temporaryFolder();
  const path = join(folder, 'ipc.socket');
  const states: string[] = [];
  const messages: TopicMessage[] = [];
  const shadows = new ShadowStore(join(folder, 'shadows'));
  shadows.load(() => undefined);
  const iotCore = new LocalIotCore({ shadows, heartbeatFile: join(folder, 'heartbeats.jsonl'), onMessage: (message) => messages.push(message), onNote: () => undefined });
  const serve = async (configuration: JsonObject): Promise<{ server: IpcServer; configurations: ConfigStore }> => {
    const configurations = new ConfigStore();
    configurations.set('one', configuration);
    const operations = {
      ...configurationOperations(configurations),
      ...topicOperations({ authorize: authorizer(configurations), iotCore, local: new Topics() }),
      ...lifecycleOperations({ reportState: (_, state) => states.push(state), updates: new ComponentUpdates(() => undefined), isToken: () => true }),
    };
    const server = new IpcServer({ path, operations, authenticate: () => 'one', onNote: () => undefined });
    await server.start();
    onTestFinished(async () => server.stop());
    return { server, configurations };
  };
  return { environment: { SVCUID: 'TOKEN', AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: path }, path, serve, states, messages };
}
