import { Client, credentials } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import type { AgentMethod } from '../../components/common/wire.ts';
import type { ForeignMessages, Requests, Responses } from './foreign-messages.ts';

/** Rejects with grpc-js's own error: `code` and `details` as the agent sent them. */
export type ForeignClient = {
  call<Method extends AgentMethod>(method: Method, message: Requests[Method]): Promise<Responses[Method]>;
  /** A request already encoded. */
  send<Method extends AgentMethod>(method: Method, message: Uint8Array): Promise<Responses[Method]>;
};

/**
 * A client that shares nothing with the agent but grpc-js: bytes in, bytes out, messages of another implementation.
 *
 * @param target a channel target, such as `unix:///tmp/a.sock`
 */
export function foreignClient(target: string, messages: ForeignMessages): ForeignClient {
  const client = new Client(target, credentials.createInsecure());
  onTestFinished(() => client.close());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const send: ForeignClient['send'] = async (method, message) => {
    const answer = await new Promise<Buffer>((done, fail) => {
      client.makeUnaryRequest(`/AWS.SageMaker.Edge.Agent/${method}`, asIs, asIs, Buffer.from(message), (error, bytes) => (error === null ? done(bytes ?? Buffer.alloc(0)) : fail(error)));
    });
    return messages.response(method, answer);
  };
  return { send, call: (method, message) => send(method, messages.request(method, message)) };
}
