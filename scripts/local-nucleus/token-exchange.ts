import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../components/common/errors.ts';
import type { CredentialSource } from './credential-source.ts';

const credentialPath = '/2016-11-01/credentialprovider/';

export type TokenExchangeOptions = {
  readonly source: CredentialSource;
  /** Whether a component has this token. */
  readonly isKnown: (token: string) => boolean;
  readonly onNote: (text: string) => void;
};

/** The token exchange service's local endpoint, with the classic nucleus's status codes. */
export class TokenExchange {
  readonly #options: TokenExchangeOptions;
  readonly #server: Server;

  constructor(options: TokenExchangeOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Serves on a free port of the loopback interface. @returns the address components get in their environment */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://localhost:${(this.#server.address() as AddressInfo).port}${credentialPath}`;
  }

  async stop(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    this.#server.closeAllConnections();
    await closed.promise;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#reply(request);
    response.writeHead(status).end(body);
  }

  async #reply(request: IncomingMessage): Promise<{ status: number; body?: string }> {
    const path = request.url ?? '';
    if (!path.startsWith(credentialPath)) return { status: 404 };
    if (request.method !== 'GET') return { status: 405 };
    if (path !== credentialPath) return { status: 400 };
    if (!this.#options.isKnown(request.headers.authorization ?? '')) return { status: 403 };
    try {
      const credentials = await this.#options.source();
      if (Date.parse(credentials.Expiration) <= Date.now()) {
        return { status: 500, body: `TES responded with credentials that expired at ${credentials.Expiration}` };
      }
      return { status: 200, body: JSON.stringify(credentials) };
    } catch (error) {
      this.#options.onNote(`Token exchange: ${messageOf(error)}`);
      return { status: 500, body: 'Failed to get connection' };
    }
  }
}
