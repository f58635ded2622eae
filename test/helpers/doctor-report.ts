import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Report } from '../../scripts/doctor/report.ts';
import { fescue } from './run-command.ts';

export type Examined = { readonly code: number | null; readonly report: Report };

/** What `fescue doctor` finds. */
export async function examine(...args: string[]): Promise<Examined> {
  const { code, stdout, stderr } = await fescue('doctor', '--json', ...args);
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as Report };
}

/** The checks that are neither ok nor do not apply, with what they found. */
export function complaints({ report }: Examined): Record<string, string> {
  return Object.fromEntries(report.checks.filter(({ status }) => status === 'warning' || status === 'fail').map(({ name, status, found }) => [name, `${status}: ${found}`]));
}

/** A server of this test. */
export async function serve(answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

export function urlOf(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
