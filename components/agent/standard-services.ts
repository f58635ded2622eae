import type { Server, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { service as healthService } from 'grpc-health-check';
import { agentProtoPath } from '../common/wire.ts';
import type { Health } from './health.ts';
import { OpenStreams } from './open-streams.ts';

/**
 * Adds the services that generic gRPC tools expect: grpc.health.v1, and server reflection in its versions v1 and v1alpha.
 *
 * @returns their open streams, to be ended before the server stops
 */
export function addStandardServices(server: Server, health: Health): OpenStreams {
  const streams = new OpenStreams(server);
  streams.addService(healthService as ServiceDefinition, health.handlers());
  // Described as the file spells it: without keepCase, fields are called tensorMetadata.
  new ReflectionService({ ...loadSync(agentProtoPath, { keepCase: true }), ...messageTypesOf(healthService) }).addToServer(streams);
  return streams;
}

/** The messages of a service; each carries the descriptor of its file, and that is all reflection looks at. */
function messageTypesOf(service: object): PackageDefinition {
  const methods = Object.values(service) as { requestType: MessageTypeDefinition<object, object>; responseType: MessageTypeDefinition<object, object> }[];
  return Object.fromEntries(methods.flatMap(({ requestType, responseType }) => [requestType, responseType]).map((type, index) => [String(index), type]));
}
