import { Client, credentials } from '@grpc/grpc-js';
import { loadAgentService, type AgentMethod } from '../../components/common/wire.ts';

/** One call with a message given as an object or as bytes; rejects with grpc-js's own error. */
export async function makeRawCall(socketPath: string, method: AgentMethod, message: object | Buffer): Promise<object> {
  const { path, requestSerialize, responseDeserialize } = loadAgentService()[method];
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure());
  const serialize = (value: object): Buffer => (Buffer.isBuffer(value) ? value : requestSerialize(value));
  try {
    return await new Promise<object>((done, fail) => {
      client.makeUnaryRequest(path, serialize, responseDeserialize, message, (error, response) => (error === null ? done(response ?? {}) : fail(error)));
    });
  } finally {
    client.close();
  }
}
