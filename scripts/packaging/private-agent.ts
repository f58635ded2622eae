import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AgentClient, type Model } from '../../components/common/agent-client.ts';
import { inCheckout } from './paths.ts';
import { nodeFlags } from './recipes.ts';

const startTimeoutMs = 30_000;

/** A model as the agent itself loads it, in an agent of its own. */
export type PrivateModel = { readonly client: AgentClient; readonly alias: string; readonly model: Model; readonly agentPid: number | undefined };

/**
 * Loads a model in an agent that nobody else knows and ends it afterwards: what it says of the model is what a
 * device's agent will say.
 *
 * @param path a package or an `.onnx` file
 * @param flags of the agent
 * @param signal ends the start of the agent and the loading when it is aborted; what comes after is for `use` to end
 * @throws FescueError as the agent refused the model, or `cancelled`
 */
export async function withPrivateAgent<Result>(path: string, flags: readonly string[], use: (loaded: PrivateModel) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'fescue-model-'));
  const socketPath = join(folder, 'agent.sock');
  const agent = spawn(process.execPath, [...nodeFlags, inCheckout('components/agent/main.ts'), '-a', socketPath, '--log-level', 'error', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(agent, 'exit');
  const client = new AgentClient({ socketPath });
  const gone = new AbortController();
  exited.then(() => gone.abort(), () => gone.abort());
  const givenUp = signal === undefined ? gone.signal : AbortSignal.any([gone.signal, signal]);
  try {
    await client.waitUntilReady(startTimeoutMs, givenUp);
    const alias = 'model';
    return await use({ client, alias, model: await client.loadModel(resolve(path), alias, { signal: givenUp }), agentPid: agent.pid });
  } finally {
    client.close();
    agent.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}
