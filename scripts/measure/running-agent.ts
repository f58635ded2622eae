import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentClient, type Model } from '../../components/common/agent-client.ts';
import { FescueError, hasCode } from '../../components/common/errors.ts';
import { processServing } from './agent-process.ts';

const answerTimeoutMs = 10_000;

/** A model of an agent that others use, too. */
export type RunningModel = { readonly client: AgentClient; readonly alias: string; readonly model: Model; readonly agentPid: number | undefined };

/** What to use: a model that is loaded, or one to load for as long as it is used. */
export type Target = { readonly alias: string } | { readonly path: string };

/**
 * Uses a model of a running agent. One that was loaded for this is unloaded whatever happens.
 *
 * @throws FescueError as the agent answered
 */
export async function withRunningAgent<Result>(options: { socketPath: string; target: Target; signal: AbortSignal; purpose?: 'bench' | 'replay' }, use: (loaded: RunningModel) => Promise<Result>): Promise<Result> {
  const { socketPath, target, signal, purpose = 'bench' } = options;
  const client = new AgentClient({ socketPath });
  try {
    await client.listModels({ timeoutMs: answerTimeoutMs, signal });
    const agentPid = processServing(client.socketPath);
    if ('alias' in target) return await use({ client, alias: target.alias, model: await client.describeModel(target.alias, { timeoutMs: answerTimeoutMs, signal }), agentPid });
    const alias = `fescue-${purpose}-${randomBytes(6).toString('hex')}`;
    try {
      // Not ended by the signal: the agent would go on loading, and nobody would unload.
      const model = await client.loadModel(target.path, alias);
      return await use({ client, alias, model, agentPid });
    } finally {
      await unload(client, alias);
    }
  } finally {
    client.close();
  }
}

/** That it is not loaded, or that the agent is gone, is told by the failure that led here. */
async function unload(client: AgentClient, alias: string): Promise<void> {
  await client.unloadModel(alias).catch((error: unknown) => {
    if (!(error instanceof FescueError) || !['not-found', 'unavailable'].includes(error.kind)) throw error;
  });
}

/** Where a model's url leads on this machine, as seen from the agent's working directory; undefined when that is not known. */
export function pathOfUrl(url: string, agentPid: number | undefined): string | undefined {
  if (url.startsWith('file://')) return fileURLToPath(url);
  if (url.startsWith('/')) return url;
  if (agentPid === undefined) return undefined;
  try {
    return resolve(readlinkSync(`/proc/${agentPid}/cwd`), url);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}
