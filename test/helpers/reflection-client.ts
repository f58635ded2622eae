import { Client, credentials, loadPackageDefinition, type ClientDuplexStream, type GrpcObject, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { inCheckout } from '../../scripts/packaging/paths.ts';

export type ReflectionAnswer = {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
  errorResponse?: { errorCode: number };
};

/** Asks the server on a socket one reflection question, as grpcurl would. */
export async function askReflection(socketPath: string, version: 'v1' | 'v1alpha', question: Record<string, string>): Promise<ReflectionAnswer> {
  const proto = loadSync(inCheckout(`node_modules/@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`), { oneofs: false });
  const reflection = ((loadPackageDefinition(proto)['grpc'] as GrpcObject)['reflection'] as GrpcObject)[version] as Record<string, ServiceClientConstructor>;
  const method = reflection['ServerReflection']?.service['ServerReflectionInfo'];
  if (method === undefined) throw new Error('the proto file has no ServerReflection service');
  const client = new Client(`unix://${socketPath}`, credentials.createInsecure());
  try {
    const stream = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize) as ClientDuplexStream<object, ReflectionAnswer>;
    return await new Promise((done, fail) => {
      stream.on('data', done);
      stream.on('error', fail);
      stream.end(question);
    });
  } finally {
    client.close();
  }
}
