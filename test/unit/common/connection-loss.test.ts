import { expect, onTestFinished, test } from 'vitest';
import { ConnectionLoss } from '../../../components/common/connection-loss.ts';
import { eventually } from '../../helpers/use-agent.ts';
import { useLogger } from '../../helpers/use-logger.ts';

type Watched = { looks: number; busy: boolean; isFinal: boolean; lines: Record<string, unknown>[] };

/** A watch over a connection that is lost as `isLost` says, at each look. */
function useLoss(isLost: (look: number) => boolean, { busy = false, isServed = true } = {}): Watched {
  const { log, lines } = useLogger();
  const state: Watched = { looks: 0, busy, isFinal: false, lines };
  const link = {
    get isLost(): boolean {
      state.looks += 1;
      return isLost(state.looks);
    },
  };
  const loss = new ConnectionLoss({ link, isServed: async () => isServed, patienceMs: 60, isBusy: () => state.busy, log });
  void loss.final.then(() => (state.isFinal = true));
  loss.start();
  onTestFinished(() => loss.stop());
  return state;
}

test('a connection that does not come back is given up, and then nobody looks any more', async () => {
  const state = useLoss(() => true);
  await eventually(() => state.isFinal, 'the loss');
  expect(state).toMatchObject({ looks: 12, lines: [{ level: 'error', seconds: 0.06 }] });
});

test.each([
  ['is there, or never was', () => false],
  ['comes back each time', (look: number) => look % 12 !== 0],
])('one that %s is not', async (_, isLost) => {
  const state = useLoss(isLost);
  await eventually(() => state.looks > 50, 'many looks');
  expect(state.isFinal).toBe(false);
});

test('a nucleus that is away is waited for', async () => {
  const state = useLoss(() => true, { isServed: false });
  await eventually(() => state.looks > 30, 'many looks');
  expect(state.isFinal).toBe(false);
});

test('work that is under way is waited for', async () => {
  const state = useLoss(() => true, { busy: true });
  await eventually(() => state.looks > 30, 'many looks');
  expect(state.isFinal).toBe(false);
  state.busy = false;
  await eventually(() => state.isFinal, 'the loss');
});
