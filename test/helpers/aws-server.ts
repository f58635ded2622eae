/** An HTTP server in place of AWS: it tells which service a signed request is for, and answers what a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/**
 * A request as it came. `service` and `region` are those its signature is for, and empty without one; `action` is that of
 * services which name it, such as IAM.
 */
export type AwsRequest = { readonly service: string; readonly region: string; readonly action: string; readonly method: string; readonly path: string; readonly query: URLSearchParams; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** `hang` never answers, `cut` ends the connection. */
export type AwsAnswer = { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer } | 'hang' | 'cut';

export type AwsServer = { readonly endpoint: string; readonly requests: readonly AwsRequest[] };

export async function useAwsServer(answer: (request: AwsRequest) => AwsAnswer | Promise<AwsAnswer>): Promise<AwsServer> {
  const requests: AwsRequest[] = [];
  const server = createServer((message, response) => {
    void readRequest(message)
      .then(async (request) => {
        requests.push(request);
        send(response, await answer(request), request.method);
      })
      .catch((error: unknown) => response.writeHead(599).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function readRequest(message: IncomingMessage): Promise<AwsRequest> {
  const body = await buffer(message);
  const url = new URL(message.url ?? '/', 'http://aws');
  const [, region = '', service = ''] = /Credential=[^/]+\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request/.exec(message.headers.authorization ?? '') ?? [];
  const action = message.headers['content-type'] === 'application/x-www-form-urlencoded' ? (new URLSearchParams(body.toString()).get('Action') ?? '') : '';
  return { service, region, action, method: message.method ?? '', path: url.pathname, query: url.searchParams, headers: message.headers, body };
}

function send(response: ServerResponse, answer: AwsAnswer, method: string): void {
  if (answer === 'hang') return;
  if (answer === 'cut') return void response.destroy();
  const { status = 200, headers = {}, body = '' } = answer;
  response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
  response.end(method === 'HEAD' ? undefined : body);
}
