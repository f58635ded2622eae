/** What the commands have in common that talk to a running agent. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { AgentClient, defaultSocketPath, type Model } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import { manifestFileName } from '../../components/common/model-manifest.ts';
import { type Classifier, readClassifier } from '../../components/inference/model-package.ts';
import { withStatus } from './agent-refusal.ts';
import { positiveNumber } from './arguments.ts';

export type CommonOptions = { socket: string; timeout: number; json?: true };

/** A subcommand that talks to an agent: with its socket, a time limit and JSON output. */
export function subcommand(parent: Command, name: string, description: string, example: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--socket <path>', "the agent's unix socket", defaultSocketPath)
    .addOption(new Option('--timeout <seconds>', 'longest wait for the answer').argParser(positiveNumber).default(60))
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  ${example}`);
}

/** Connects to the agent; its refusals begin with their status. */
export async function withAgent(options: CommonOptions, run: (agent: AgentClient) => Promise<void>): Promise<void> {
  const agent = new AgentClient({ socketPath: options.socket });
  try {
    await run(agent);
  } catch (error) {
    throw withStatus(error);
  } finally {
    agent.close();
  }
}

export function callOptions(options: CommonOptions): { timeoutMs: number } {
  return { timeoutMs: options.timeout * 1000 };
}

/** Prints JSON where it was asked for, else the text. */
export function print(options: CommonOptions, value: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : text);
}

/** How images are prepared for a model. @param folder its package; by default where it was loaded from */
export async function classifierOf(model: Model, folder = model.url): Promise<Classifier> {
  if (existsSync(join(folder, manifestFileName))) return readClassifier(folder);
  throw new FescueError('failed-precondition', `How to prepare an image for ${model.name} is not known: ${folder} holds no ${manifestFileName}. Name its package with --package, or give --tensor.`);
}
