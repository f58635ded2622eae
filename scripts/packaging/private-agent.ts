import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AgentClient, type Model } from '../../components/common/agent-client.ts';
import { inCheckout } from './paths.ts';

const startTimeoutMs = 30_000;

/** A model as the agent itself loads it, in an agent of its own. */
export type PrivateModel = { readonly client: AgentClient; readonly alias: string; readonly model: Model };

/**
 * Loads a model in an agent that nobody else knows and ends it afterwards: what it says of the model is what a
 * device's agent will say.
 *
 * @param path a package or an `.onnx` file
 * @param flags of the agent
 * @throws FescueError as the agent refused the model
 */
export async function withPrivateAgent<Result>(path: string, flags: readonly string[], use: (loaded: PrivateModel) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'fescue-model-'));
  const socketPath = join(folder, 'agent.sock');
  const agent = spawn(process.execPath, [inCheckout('components/agent/main.ts'), '-a', socketPath, '--log-level', 'error', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(agent, 'exit');
  const client = new AgentClient({ socketPath });
  const given = new AbortController();
  exited.then(() => given.abort(), () => given.abort());
  try {
    await client.waitUntilReady(startTimeoutMs, given.signal);
    const alias = 'model';
    return await use({ client, alias, model: await client.loadModel(resolve(path), alias) });
  } finally {
    client.close();
    agent.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}
