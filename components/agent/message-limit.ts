import { status as codes } from '@grpc/grpc-js';
import type { CallStatus } from './call-status.ts';

const bytesPerMegabyte = 1024 * 1024;

/** The status grpc-js gives a message over its limit, in words that help the client; any other as it is. */
export function withLimitExplained(path: string, status: CallStatus, maxMessageBytes: number): CallStatus {
  if (status.code !== codes.RESOURCE_EXHAUSTED) return status;
  const [refused, size] = /^Received message (?:larger than max \((\d+) vs|that decompresses to a size larger than)/.exec(status.details) ?? [];
  if (refused === undefined) return status;
  const method = path.slice(path.lastIndexOf('/') + 1);
  const got = size === undefined ? 'more once decompressed' : size;
  const limit = `at most ${maxMessageBytes} bytes (MaxMessageMegabytes: ${maxMessageBytes / bytesPerMegabyte})`;
  return { ...status, details: `${method}: expected a message of ${limit}, got ${got}. Send large tensors through shared memory, or raise MaxMessageMegabytes.` };
}
