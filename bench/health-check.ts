import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';

/** A client that asks a server on a unix socket for its health, as a probe does. */
export function healthCheck(socketPath: string): { readonly check: () => Promise<void>; readonly close: () => void } {
  const { Check } = loadSync(protoPath)['grpc.health.v1.Health'] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = Check as MethodDefinition<object, object>;
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure());
  const check = (): Promise<void> =>
    new Promise((done, fail) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: '' }, (error) => (error === null ? done() : fail(error)));
    });
  return { check, close: () => client.close() };
}
