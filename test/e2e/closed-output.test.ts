import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../helpers/use-agent.ts';

/** Starts `fescue` for a reader that has seen enough before anything is written. */
function startUnread(...args: string[]): { stderr: () => string; code: Promise<number | null> } {
  const child = spawn(process.execPath, [resolve('scripts/fescue.mjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  return { stderr: () => stderr, code: closed.then(([code]) => code as number | null) };
}

test('a command whose output nobody reads ends without a stack trace', async () => {
  const command = startUnread('doctor', '--list');
  expect([await command.code, command.stderr()]).toEqual([0, '']);
});

test('one that has to put things in order does so', async () => {
  const demo = startUnread('demo');
  await demo.code;
  await eventually(() => /Everything is stopped\.\n$|Interrupted\.\n$/.test(demo.stderr()), 'an orderly end');
});
