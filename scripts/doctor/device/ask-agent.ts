import { UnaryClient } from '../../../components/common/unary-client.ts';
import { type Health, healthOf, type LoadedModel, modelsOf } from './agent-answers.ts';

type Patience = { readonly timeoutMs: number };

/** What an agent says of everything it serves, by the names of the services. @throws FescueError of the status's kind */
export async function healthAt(socketPath: string, patience: Patience): Promise<ReadonlyMap<string, Health>> {
  return healthOf(await ask(socketPath, '/grpc.health.v1.Health/List', patience));
}

/** @throws FescueError of the status's kind */
export async function modelsAt(socketPath: string, patience: Patience): Promise<LoadedModel[]> {
  return modelsOf(await ask(socketPath, '/AWS.SageMaker.Edge.Agent/ListModels', patience));
}

/** A call whose request has no fields. */
async function ask(socketPath: string, path: string, { timeoutMs }: Patience): Promise<Buffer> {
  const client = new UnaryClient(socketPath);
  try {
    return await client.call(path, [], { timeoutMs });
  } finally {
    client.close();
  }
}
