import type { STS } from '@aws-sdk/client-sts';

type Stack = STS['middlewareStack'];

/** What a client and its middleware know of a response. */
type RawResponse = { readonly statusCode: number; readonly headers: Readonly<Record<string, string>>; readonly body?: { destroy?(): void } };

/**
 * Lets a client fail when a web page answers, as of a proxy that wants somebody to sign in: clients take one that answers
 * well for an empty answer, so that a deletion would seem to have happened. Those of servers out of order are left alone.
 */
export function refuseWebPages<Client extends { readonly middlewareStack: unknown }>(client: Client): Client {
  (client.middlewareStack as Stack).add(
    (next) => async (args) => {
      const result = await next(args);
      const { statusCode, headers, body } = result.response as RawResponse;
      if (statusCode < 500 && statusCode !== 429 && /^text\/html\b/i.test(headers['content-type'] ?? '')) {
        body?.destroy?.();
        throw Object.assign(new Error('a web page'), { name: 'WebPage', $metadata: { httpStatusCode: statusCode } });
      }
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'refuseWebPages' },
  );
  return client;
}
