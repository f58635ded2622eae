import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type TokenEndpoint = {
  /** By which a component finds it. */
  readonly environment: { readonly AWS_CONTAINER_CREDENTIALS_FULL_URI: string; readonly AWS_CONTAINER_AUTHORIZATION_TOKEN: string };
  /** How often it was asked. */
  readonly requests: number;
  /** When the credentials of an access key id end, in milliseconds since 1970. */
  readonly ends: ReadonlyMap<string, number>;
  /** Answers a request; credentials of an hour unless it is set. */
  answer: (response: ServerResponse) => void;
  /** Answers with credentials that were not given before, and live for so long. */
  give(response: ServerResponse, lifeMs: number): void;
};

/** What is in every secret and token of the endpoint, and so may be in no log. */
export const secretMark = 'NOBODY-MAY-SEE-THIS';

/** A token exchange service on the loopback interface, as Greengrass has one, that answers as it is told. */
export async function useTokenEndpoint(): Promise<TokenEndpoint> {
  let requests = 0;
  const ends = new Map<string, number>();
  const server = createServer((_, response) => {
    requests += 1;
    endpoint.answer(response);
  }).listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const give = (response: ServerResponse, lifeMs: number): void => {
    const [id, end] = [`AKIATEST${ends.size}`, new Date(Date.now() + lifeMs)];
    ends.set(id, end.getTime());
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ AccessKeyId: id, SecretAccessKey: `secret-${secretMark}`, Token: `token-${secretMark}`, Expiration: end.toISOString() }));
  };
  const endpoint: TokenEndpoint = {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://localhost:${(server.address() as AddressInfo).port}/2016-11-01/credentialprovider/`, AWS_CONTAINER_AUTHORIZATION_TOKEN: `authorization-${secretMark}` },
    get requests() {
      return requests;
    },
    ends,
    answer: (response) => give(response, 3_600_000),
    give,
  };
  return endpoint;
}
