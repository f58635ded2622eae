import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigStore, type JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { IpcServer } from '../../scripts/local-nucleus/ipc-server.ts';
import { Topics } from '../../scripts/local-nucleus/topics.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type TestIpc = {
  /** What makes a process the component `one` of this nucleus. */
  environment: { SVCUID: string; AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: string };
  path: string;
  /** Begins to serve, with the configuration of `one`. */
  serve: (configuration: JsonObject) => Promise<{ server: IpcServer; configurations: ConfigStore }>;
  /** The states that were reported. */
  states: string[];
};

/** The IPC of a nucleus that can go and come back. */
export async function useIpc(): Promise<TestIpc> {
  const path = join(await temporaryFolder(), 'ipc.socket');
  const states: string[] = [];
  const serve = async (configuration: JsonObject): Promise<{ server: IpcServer; configurations: ConfigStore }> => {
    const configurations = new ConfigStore();
    configurations.set('one', configuration);
    const server = new IpcServer({ path, services: { configurations, iotCore: new Topics(), local: new Topics(), reportState: (_, state) => states.push(state) }, authenticate: () => 'one', onNote: () => undefined });
    await server.start();
    onTestFinished(async () => server.stop());
    return { server, configurations };
  };
  return { environment: { SVCUID: 'TOKEN', AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: path }, path, serve, states };
}
