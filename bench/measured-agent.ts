import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentClient } from '../components/common/agent-client.ts';
import { listProcesses, withDescendants } from '../scripts/local-nucleus/process-tree.ts';
import { agentPrograms, bundleProgram, libraryFiles } from '../scripts/packaging/bundles.ts';
import { inCheckout } from '../scripts/packaging/paths.ts';
import { nodeFlags } from '../scripts/packaging/recipes.ts';

/** The bundled agent, as a device runs it, and what it costs. */
export type MeasuredAgent = {
  readonly client: AgentClient;
  readonly folder: string;
  /** Resident memory of the agent process alone, in MB (10^6 bytes). */
  readonly agentMegabytes: () => number;
  /** Resident memory of the agent and its workers, in MB. */
  readonly totalMegabytes: () => number;
  readonly stop: () => Promise<void>;
};

/** @param flags further flags of the agent, such as `--intra-op-threads 1` */
export async function startMeasuredAgent(...flags: string[]): Promise<MeasuredAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'fescue-bench-'));
  for (const program of agentPrograms) await bundleProgram(program, { folder, mapFolder: folder });
  await copyFile(inCheckout('proto/agent.proto'), join(folder, 'agent.proto'));
  for (const { name, from } of libraryFiles) await cp(from, join(folder, name));
  const socketPath = join(folder, 'agent.sock');
  const child = spawn(process.execPath, [...nodeFlags, join(folder, 'agent.cjs'), '-a', socketPath, '--log-level', 'warn', ...flags], {
    cwd: folder,
    env: { ...process.env, NODE_PATH: inCheckout('node_modules') },
    stdio: 'inherit',
  });
  const client = new AgentClient({ socketPath });
  await client.waitUntilReady(20_000);
  const pid = pidOf(child);
  return {
    client,
    folder,
    agentMegabytes: () => residentMegabytes(pid),
    totalMegabytes: () => withDescendants(listProcesses(), [pid]).reduce((sum, one) => sum + residentMegabytes(one.pid), 0),
    stop: async () => {
      client.close();
      child.kill();
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the agent could not be started');
  return child.pid;
}

function residentMegabytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kibibytes ?? 0) * 1024) / 1e6;
}
