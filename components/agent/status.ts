import type { StatusObject } from '@grpc/grpc-js';
import { FescueError, messageOf } from '../common/errors.ts';
import { grpcCodes } from '../common/wire.ts';

/** A status travels in HTTP/2 headers, of which clients take 8 KB; outside of ASCII a byte becomes three there. */
const mostBytes = 2_048;

/** Turns anything thrown into the gRPC status a client sees. The only place that does. */
export function statusOf(error: unknown): Pick<StatusObject, 'code' | 'details'> {
  if (error instanceof FescueError) return { code: grpcCodes[error.kind], details: shortened(error.message) };
  return { code: grpcCodes.internal, details: shortened(`The agent failed: ${messageOf(error)}`) };
}

function shortened(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  // A character cut in two is left out.
  return `${new TextDecoder().decode(bytes.subarray(0, mostBytes), { stream: true })} … (${bytes.length} bytes in all)`;
}
