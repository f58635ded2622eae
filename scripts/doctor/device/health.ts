import type { MethodDefinition } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { UnaryClient } from '../../../components/common/unary-client.ts';

const timeoutMs = 5_000;

/** What grpc.health.v1 says of one service. */
export type Health = 'SERVING' | 'NOT_SERVING' | 'UNKNOWN' | 'SERVICE_UNKNOWN';

/** Asks an agent for the health of everything it serves, by the names of the services. @throws FescueError of the status's kind */
export async function healthAt(socketPath: string): Promise<ReadonlyMap<string, Health>> {
  const { path, requestSerialize, responseDeserialize } = service['List'] as unknown as MethodDefinition<object, { statuses: Record<string, { status: Health }> }>;
  const client = new UnaryClient(socketPath);
  try {
    const { statuses } = responseDeserialize(await client.call(path, [requestSerialize({})], { timeoutMs }));
    return new Map(Object.entries(statuses).map(([name, { status }]) => [name, status]));
  } finally {
    client.close();
  }
}
