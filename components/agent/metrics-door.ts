import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { AgentConfig } from './config.ts';
import { metricsContentType } from './metrics-text.ts';
import { clearSocketPath, restrictSocket } from './socket.ts';

/** Enough for a few scrapers at a time; whoever comes on top is refused at once. */
const limits = { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 1_000, connectionsCheckingInterval: 1_000 };
const maxConnections = 16;

/** Serves `GET /metrics` over HTTP, on a loopback port or a unix socket; nothing at all where no address is configured. */
export class MetricsDoor {
  #config: Pick<AgentConfig, 'metricsAddress' | 'socketMode' | 'socketGroup'>;
  #log: Logger;
  #server: Server;

  /** @param options.text the page, made anew for each request */
  constructor(options: { config: Pick<AgentConfig, 'metricsAddress' | 'socketMode' | 'socketGroup'>; text: () => string; log: Logger }) {
    this.#config = options.config;
    this.#log = options.log;
    this.#server = createServer(limits, (request, response) => answer(request, response, options.text));
    this.#server.maxConnections = maxConnections;
  }

  /** @throws FescueError `failed-precondition` when the address cannot be served */
  async start(): Promise<void> {
    const { metricsAddress: address } = this.#config;
    if (address === '') return;
    await (address.startsWith('/') ? this.#listenOnSocket(address) : this.#listen(hostAndPort(address)));
    this.#log.info({ address }, 'serving metrics');
  }

  /** Cuts off whoever is still reading. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #listenOnSocket(path: string): Promise<void> {
    await clearSocketPath(path);
    // Nobody may connect between bind and chmod.
    const umask = process.umask(0o777);
    try {
      await this.#listen({ path });
    } finally {
      process.umask(umask);
    }
    await restrictSocket(path, { mode: this.#config.socketMode, group: this.#config.socketGroup }).catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
  }

  async #listen(where: { path: string } | { host: string; port: number }): Promise<void> {
    try {
      this.#server.listen(where);
      await once(this.#server, 'listening');
    } catch (error) {
      throw new FescueError('failed-precondition', `The agent cannot serve metrics on ${this.#config.metricsAddress}: ${messageOf(error)}. Choose another MetricsAddress, or leave it empty.`, { cause: error });
    }
  }
}

/** Of `127.0.0.1:9464` or `[::1]:9464`, as the settings table lets through. */
function hostAndPort(address: string): { host: string; port: number } {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function answer(request: IncomingMessage, response: ServerResponse, text: () => string): void {
  const found = request.url?.split('?')[0] === '/metrics';
  if (found && request.method === 'GET') return void response.writeHead(200, { 'content-type': metricsContentType }).end(text());
  response.writeHead(found ? 405 : 404, { 'content-type': 'text/plain', ...(found ? { allow: 'GET' } : {}), connection: 'close' }).end('Only GET /metrics is served here.\n');
}
