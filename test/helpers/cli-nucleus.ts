import { mkdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { encodeMessage, messageFlags, messageTypes, readMessages } from '../../scripts/local-nucleus/event-stream.ts';
import type { Received, Scenario } from './stand-ins.ts';

export type CliNucleus = { readonly root: string; readonly received: () => Received | undefined; readonly setScenario: (scenario: Scenario) => void; readonly stop: () => void };

type Json = Record<string, unknown>;

const id = '5713ebbe-3e9b-45ce-9b0d-8ae13a48ee57';
const token = 'CLITOKEN12345678';

/** Stands in for a nucleus as command lines see it: the credentials file, and IPC of deployments, components and one topic. */
export async function useCliNucleus(folder: string, scenario: Scenario, messages: readonly Json[] = []): Promise<CliNucleus> {
  const root = join(folder, 'nucleus');
  const socketPath = join(root, 'ipc.socket');
  await mkdir(join(root, 'cli_ipc_info'), { recursive: true });
  await mkdir(join(root, 'logs'));
  await writeFile(join(root, 'cli_ipc_info', `user-${process.geteuid?.() ?? 0}`), JSON.stringify({ cli_auth_token: token, domain_socket_path: socketPath }), { mode: 0o600 });
  const state = { scenario, looks: -1, received: undefined as Received | undefined };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    serve(socket, (operation, request) => answer(operation, request, state), messages);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(stop);
  return { root, received: () => state.received, setScenario: (next) => void (state.scenario = next), stop };
}

function serve(socket: Socket, reply: (operation: string, request: Json) => Json | undefined, messages: readonly Json[]): void {
  const send = (message: Parameters<typeof encodeMessage>[0]): void => void socket.write(encodeMessage(message));
  const json = (streamId: number, shape: string, payload: Json, flags: number, type: number = messageTypes.application): void =>
    send({ type, flags, streamId, headers: { ':content-type': 'application/json', 'service-model-type': `aws.greengrass#${shape}` }, payload: Buffer.from(JSON.stringify(payload)) });
  readMessages(
    socket,
    ({ type, flags, streamId, headers, payload }) => {
      const text = Buffer.from(payload).toString();
      if (type === messageTypes.connect) {
        const accepted = text.includes(token);
        send({ type: messageTypes.connectAck, flags: accepted ? messageFlags.connectionAccepted : messageFlags.none, streamId: 0, payload: new Uint8Array() });
        return;
      }
      if (type !== messageTypes.application || (flags & messageFlags.terminateStream) !== 0) return;
      const operation = (headers['operation'] ?? '').replace('aws.greengrass#', '');
      const response = reply(operation, JSON.parse(text) as Json);
      if (response === undefined) {
        json(streamId, 'ServiceError', { message: `${operation} is not supported`, _errorCode: 'ServiceError' }, messageFlags.terminateStream, messageTypes.applicationError);
        return;
      }
      const subscribed = operation.startsWith('SubscribeTo');
      json(streamId, `${operation}Response`, response, subscribed ? messageFlags.none : messageFlags.terminateStream);
      if (subscribed) for (const message of messages) json(streamId, operation === 'SubscribeToTopic' ? 'SubscriptionResponseMessage' : 'IoTCoreMessage', message, messageFlags.none);
    },
    () => socket.destroy(),
  );
}

function answer(operation: string, request: Json, state: { scenario: Scenario; looks: number; received: Received | undefined }): Json | undefined {
  const { states, reason, components } = state.scenario;
  const deployment = (): Json => ({ deploymentId: id, status: states[Math.min(state.looks, states.length - 1)], createdOn: '25-11-2026 18:25:26 UTC', deploymentStatusDetails: { detailedDeploymentStatus: 'SUCCESSFUL', ...(reason !== undefined && { deploymentFailureCause: reason }) } });
  switch (operation) {
    case 'CreateLocalDeployment':
      state.looks = -1;
      state.received = receivedOf(request);
      return { deploymentId: id };
    case 'GetLocalDeploymentStatus':
      state.looks += 1;
      return { deployment: deployment() };
    case 'ListLocalDeployments':
      return { localDeployments: state.received === undefined ? [] : [deployment()] };
    case 'ListComponents':
      return { components: components.map(({ name, ...rest }) => ({ componentName: name, ...rest, configuration: {} })) };
    case 'SubscribeToTopic':
    case 'SubscribeToIoTCore':
      return {};
    default:
      return undefined;
  }
}

function receivedOf(request: Json): Received {
  return {
    add: request['rootComponentVersionsToAdd'] as Record<string, string>,
    remove: request['rootComponentsToRemove'] as string[],
    configuration: request['componentToConfiguration'] as object,
    ...(request['groupName'] === undefined ? {} : { group: request['groupName'] as string }),
    folders: [request['recipeDirectoryPath'] as string | undefined, request['artifactsDirectoryPath'] as string | undefined],
  };
}
