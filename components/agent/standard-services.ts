import type { Server, ServiceDefinition } from '@grpc/grpc-js';
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { service as healthService } from 'grpc-health-check';
import { loadAgentService } from '../common/wire.ts';
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
  new ReflectionService(messageTypesOf(loadAgentService(), healthService)).addToServer(streams);
  return streams;
}

/** The messages of the services; each carries the descriptor of its file, and that is all reflection looks at. */
function messageTypesOf(...services: readonly object[]): PackageDefinition {
  const methods = services.flatMap((service) => Object.values(service)) as { requestType: MessageTypeDefinition<object, object>; responseType: MessageTypeDefinition<object, object> }[];
  return Object.fromEntries(methods.flatMap(({ requestType, responseType }) => [requestType, responseType]).map((type, index) => [String(index), type]));
}
