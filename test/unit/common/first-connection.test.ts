import { expect, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import { firstConnection } from '../../../components/common/first-connection.ts';
import type { GreengrassIpc } from '../../../components/common/greengrass-ipc.ts';
import { connectionOf } from '../../helpers/ipc-connection.ts';

const away = (): Promise<GreengrassIpc> => Promise.reject(new FescueError('unavailable', 'nobody there'));
const never = new AbortController().signal;

test('a nucleus that comes late is waited for', async () => {
  const connection = connectionOf();
  let attempts = 0;
  const connect = (): Promise<GreengrassIpc> => ((attempts += 1) < 2 ? away() : Promise.resolve(connection));
  expect(await firstConnection({ connect, signal: never, patienceMs: 10_000 })).toBe(connection);
});

test('one that does not come is given up, with the reason', async () => {
  await expect(firstConnection({ connect: away, signal: never, patienceMs: 1_500 })).rejects.toThrow('nobody there');
});

test.each([
  ['says nothing', () => new Promise<GreengrassIpc>(() => undefined)],
  ['does not answer', away],
])('the wait for one that %s can be ended', async (_, connect) => {
  const ended = new AbortController();
  const waiting = firstConnection({ connect, signal: ended.signal, patienceMs: 60_000 });
  setTimeout(() => ended.abort(), 20);
  expect(await waiting).toBeUndefined();
});
