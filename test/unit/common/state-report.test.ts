import { expect, onTestFinished, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import type { GreengrassIpc } from '../../../components/common/greengrass-ipc.ts';
import { StateReport } from '../../../components/common/state-report.ts';
import { connectionOf } from '../../helpers/ipc-connection.ts';
import { eventually } from '../../helpers/use-agent.ts';
import { useLogger } from '../../helpers/use-logger.ts';

const away = new FescueError('unavailable', 'nobody there');

/** A report over these connections, the next one when the one before is lost or refuses. */
function useReport(...connections: (GreengrassIpc | FescueError)[]): { report: StateReport; lines: Record<string, unknown>[] } {
  const { log, lines } = useLogger();
  const connection = async (): Promise<GreengrassIpc> => {
    const next = connections.length > 1 ? connections.shift() : connections[0];
    if (next === undefined || next instanceof FescueError) throw next ?? away;
    return next;
  };
  const report = new StateReport({ link: { connection }, log });
  onTestFinished(async () => report.stop());
  return { report, lines };
}

test('RUNNING is told when there is a connection, once however often it is said and connected', async () => {
  const [first, second] = [connectionOf(), connectionOf()];
  const { report } = useReport(away, first, second);
  report.running();
  report.running();
  await eventually(() => first.states.length === 1, 'the state');
  first.lose();
  await new Promise((done) => setTimeout(done, 1_200));
  expect([first.states, second.states]).toEqual([['RUNNING'], []]);
});

test('RUNNING that did not arrive is told again', async () => {
  const lost = connectionOf({ updateState: () => Promise.reject(away) });
  const second = connectionOf();
  const { report } = useReport(lost, second);
  report.running();
  await eventually(() => second.states.length === 1, 'the state');
});

test('ERRORED is told once, and RUNNING never after it', async () => {
  const connection = connectionOf();
  const { report } = useReport(connection);
  expect(await report.errored()).toBe(true);
  report.running();
  await new Promise((done) => setTimeout(done, 50));
  expect(connection.states).toEqual(['ERRORED']);
});

test('whoever cannot tell ERRORED knows that', async () => {
  const { report, lines } = useReport(away);
  expect(await report.errored()).toBe(false);
  expect(lines).toMatchObject([{ level: 'warn', reason: 'nobody there' }]);
});
