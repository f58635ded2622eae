import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type LoopbackServer = {
  readonly endpoint: string;
  /** Closes it and every connection, as when the network is gone. */
  stop(): Promise<void>;
  /** Serves again at the same port. */
  start(): Promise<void>;
};

/** A server that a test can take away and bring back. */
export async function useLoopbackServer(answer: RequestListener): Promise<LoopbackServer> {
  let port = 0;
  const server = createServer(answer);
  const start = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  await start();
  onTestFinished(stop);
  return { endpoint: `http://127.0.0.1:${port}`, stop, start };
}
