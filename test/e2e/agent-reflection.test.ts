import { Client, credentials, status, type ServiceDefinition } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import { loadAgentService } from '../../components/common/wire.ts';
import { askReflection } from '../helpers/reflection-client.ts';
import { useAgent } from '../helpers/use-agent.ts';

/** The services that answered file descriptors define: a FileDescriptorSet is its files, each with tag and length. */
function definitionsOf(files: readonly Buffer[]): Record<string, unknown> {
  const parts = files.flatMap((file) => [Buffer.from([0x0a, (file.length & 0x7f) | 0x80, (file.length >> 7) | 0x80, file.length >> 14]), file]);
  return loadFileDescriptorSetFromBuffer(Buffer.concat(parts));
}

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  it('lists the services', async () => {
    const agent = await useAgent();
    const { listServicesResponse } = await askReflection(agent.socketPath, version, { listServices: '*' });
    expect(listServicesResponse?.service.map(({ name }) => name).toSorted()).toEqual(['AWS.SageMaker.Edge.Agent', 'grpc.health.v1.Health']);
  });

  it('describes the API well enough to call it', async () => {
    const agent = await useAgent();
    const { fileDescriptorResponse } = await askReflection(agent.socketPath, version, { fileContainingSymbol: 'AWS.SageMaker.Edge.Agent' });
    const service = definitionsOf(fileDescriptorResponse?.fileDescriptorProto ?? [])['AWS.SageMaker.Edge.Agent'] as ServiceDefinition;
    expect(fileDescriptorResponse?.fileDescriptorProto.some((file) => file.includes('\x0ftensor_metadata'))).toBe(true);
    const paths = (definition: object): string[] => Object.values(definition as ServiceDefinition).map(({ path }) => path);
    expect(paths(service)).toEqual(paths(loadAgentService()));

    const method = service['DescribeModel'];
    if (method === undefined) throw new Error('DescribeModel is not described');
    const client = new Client(`unix://${agent.socketPath}`, credentials.createInsecure());
    const refused = await new Promise((done) => {
      client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, { name: 'nobody' }, done);
    });
    client.close();
    expect(refused).toMatchObject({ code: status.NOT_FOUND, details: 'Model "nobody" is not loaded; loaded models: none.' });
  });

  it('says so when a symbol is not known', async () => {
    const agent = await useAgent();
    const { errorResponse } = await askReflection(agent.socketPath, version, { fileContainingSymbol: 'AWS.SageMaker.Edge.Nothing' });
    expect(errorResponse?.errorCode).toBe(status.NOT_FOUND);
  });
});
