import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';

export type Outcome = { code: number; details: string };

/**
 * One unary call over plain HTTP/2, by a client that leaves everything to the agent: it keeps no deadline itself and
 * waits for the agent's status.
 */
export async function http2Call(socketPath: string, path: string, message: Uint8Array, headers: Record<string, string> = {}): Promise<Outcome> {
  const session = connectHttp2('http://localhost', { createConnection: () => connect(socketPath) });
  try {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
    let status: IncomingHttpHeaders = {};
    for (const event of ['response', 'trailers']) stream.on(event, (received: IncomingHttpHeaders) => (status = { ...status, ...received }));
    await once(stream.resume(), 'close');
    return { code: Number(status['grpc-status']), details: decodeURI(String(status['grpc-message'] ?? '')) };
  } finally {
    session.destroy();
  }
}
