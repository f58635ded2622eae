import { expect, test } from 'vitest';
import type { GreengrassIpc } from '../../../components/common/greengrass-ipc.ts';
import { FescueError } from '../../../components/common/errors.ts';
import { IpcLink } from '../../../components/common/ipc-link.ts';
import { connectionOf } from '../../helpers/ipc-connection.ts';
import { useLogger } from '../../helpers/use-logger.ts';

/** A link whose first connection is lost, and the attempts to make another. */
async function useLostLink(): Promise<{ link: IpcLink; attempts: PromiseWithResolvers<GreengrassIpc>[]; lines: Record<string, unknown>[] }> {
  const attempts: PromiseWithResolvers<GreengrassIpc>[] = [];
  const { log, lines } = useLogger();
  const first = connectionOf();
  const connect = (): Promise<GreengrassIpc> => {
    const attempt = Promise.withResolvers<GreengrassIpc>();
    attempts.push(attempt);
    return attempt.promise;
  };
  const link = new IpcLink({ first, connect, log });
  expect(await link.connection()).toBe(first);
  first.lose();
  await first.lost;
  return { link, attempts, lines };
}

test('whoever asks while a connection is made gets the same one', async () => {
  const { link, attempts, lines } = await useLostLink();
  const asked = [link.connection(), link.connection()];
  const second = connectionOf();
  attempts[0]?.resolve(second);
  expect(await Promise.all([...asked, link.connection()])).toEqual([second, second, second]);
  expect(attempts).toHaveLength(1);
  expect(lines).toMatchObject([{ level: 'warn', reason: 'it broke' }, { level: 'info', msg: 'connected to the Greengrass nucleus again' }]);
});

test('a connection that cannot be made is tried again when somebody asks', async () => {
  const { link, attempts } = await useLostLink();
  const asked = link.connection();
  attempts[0]?.reject(new FescueError('unavailable', 'nobody there'));
  await expect(asked).rejects.toThrow('nobody there');
  const again = link.connection();
  const second = connectionOf();
  attempts[1]?.resolve(second);
  expect(await again).toBe(second);
});

test('it is lost from the end of one connection to the next, and not before the first', async () => {
  const { log } = useLogger();
  const connections = [connectionOf(), connectionOf()];
  const link = new IpcLink({ connect: async () => connections.shift() ?? Promise.reject(new Error('asked too often')), log });
  const [first] = connections;
  expect(link.isLost).toBe(false);
  await link.connection();
  expect(link.isLost).toBe(false);
  first?.lose();
  await first?.lost;
  expect(link.isLost).toBe(true);
  await link.connection();
  expect(link.isLost).toBe(false);
});

test('a connection that comes after the end is closed, and no other is made', async () => {
  const { link, attempts } = await useLostLink();
  const asked = link.connection();
  const closing = link.close();
  const second = connectionOf();
  attempts[0]?.resolve(second);
  await Promise.all([asked, closing]);
  expect(second.closed()).toBe(true);
  await expect(link.connection()).rejects.toMatchObject({ kind: 'unavailable' });
  expect(attempts).toHaveLength(1);
});

test('a nucleus that does not answer is told of once, and so is that it does', async () => {
  const { log, lines } = useLogger();
  const answers: (GreengrassIpc | FescueError)[] = [new FescueError('unavailable', 'nobody there'), new FescueError('unavailable', 'nobody there'), connectionOf()];
  const connect = async (): Promise<GreengrassIpc> => {
    const answer = answers.shift();
    if (answer === undefined || answer instanceof FescueError) throw answer ?? new Error('asked too often');
    return answer;
  };
  const link = new IpcLink({ connect, log });
  await expect(link.connection()).rejects.toThrow('nobody there');
  await expect(link.connection()).rejects.toThrow('nobody there');
  await link.connection();
  await link.connection();
  expect(lines).toMatchObject([{ level: 'warn', reason: 'nobody there', msg: 'the Greengrass nucleus does not answer; trying again' }, { level: 'info', msg: 'connected to the Greengrass nucleus' }]);
});
