import type { StatusObject } from '@grpc/grpc-js';
import { FescueError, messageOf } from '../common/errors.ts';
import { grpcCodes } from '../common/wire.ts';

/** Turns anything thrown into the gRPC status a client sees. The only place that does. */
export function statusOf(error: unknown): Pick<StatusObject, 'code' | 'details'> {
  if (error instanceof FescueError) return { code: grpcCodes[error.kind], details: error.message };
  return { code: grpcCodes.internal, details: `The agent failed: ${messageOf(error)}` };
}
