import { Client, credentials, type ClientReadableStream, type MethodDefinition } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { onTestFinished } from 'vitest';

type Answer = { status: string };

/** A client of grpc.health.v1 on a unix socket. */
export type HealthClient = {
  /** The status, or the code of a refusal. */
  check: (name: string) => Promise<string | number>;
  list: () => Promise<Record<string, Answer>>;
  /** The statuses seen so far, and whether the stream has ended. */
  watch: (name: string) => { seen: string[]; ended: () => boolean; stream: ClientReadableStream<Answer> };
};

export function healthClient(socketPath: string): HealthClient {
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const unary = <Response>(method: 'Check' | 'List', request: object): Promise<Response> => {
    const { path, requestSerialize, responseDeserialize } = service[method] as unknown as MethodDefinition<object, Response>;
    return new Promise((done, fail) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => (response === undefined ? fail(error ?? new Error('no response')) : done(response)));
    });
  };
  return {
    check: (name) => unary<Answer>('Check', { service: name }).then(({ status }) => status, (error: { code: number }) => error.code),
    list: async () => (await unary<{ statuses: Record<string, Answer> }>('List', {})).statuses,
    watch: (name) => {
      const { path, requestSerialize, responseDeserialize } = service['Watch'] as unknown as MethodDefinition<object, Answer>;
      const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: name });
      const seen: string[] = [];
      let ended = false;
      stream.on('data', ({ status }: Answer) => void seen.push(status));
      stream.on('error', () => undefined);
      stream.on('status', () => void (ended = true));
      return { seen, ended: () => ended, stream };
    },
  };
}
