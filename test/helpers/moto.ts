import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const patienceMs = 60_000;

export type MotoOptions = {
  /** One that has moto. */
  readonly python: string;
  /** Receives its log. */
  readonly folder: string;
  /** Besides the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** Runs something against moto's server. */
export async function withMoto<Result>({ python, folder, environment = {} }: MotoOptions, use: (endpoint: string) => Promise<Result>): Promise<Result> {
  const port = await freePort();
  const serverLog = join(folder, 'moto.log');
  const log = openSync(serverLog, 'w');
  const server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', log, log], env: { ...process.env, ...environment } });
  const exited = once(server, 'exit');
  try {
    await answering(server, { port, serverLog });
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    server.kill();
    await exited;
  }
}

/** Waits until the server answers. @throws when it ends, or does not in time */
async function answering(server: ChildProcess, { port, serverLog }: { port: number; serverLog: string }): Promise<void> {
  for (const giveUpAt = Date.now() + patienceMs; Date.now() < giveUpAt && server.exitCode === null; ) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(100);
  }
  throw new Error(`moto does not answer: ${readFileSync(serverLog, 'utf8')}`);
}

/** A port that nobody used a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
