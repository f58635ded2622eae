/**
 * The program of the in-process baseline: it holds a model and runs it, with no agent and nothing else in between. It
 * lives as long as its channel to the parent.
 */
import { Session } from '../../components/agent/session.ts';
import { messageOf } from '../../components/common/errors.ts';
import { makeInputs } from './payload.ts';
import type { Answer, Order } from './in-process.ts';
import { takeTurn } from './turn.ts';

let predict: () => Promise<void>;

// A Ctrl-C reaches the whole process group; the parent decides when this program ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (order) => void answer(order as Order));

async function answer(order: Order): Promise<void> {
  const reply: Answer = await obey(order).catch((error: unknown) => ({ kind: 'failed', message: messageOf(error) }));
  process.send?.(reply);
}

async function obey(order: Order): Promise<Answer> {
  if (order.kind === 'turn') return { kind: 'turn', turn: await takeTurn(predict, order) };
  const session = await Session.open(order.path, order);
  const inputs = makeInputs(session.tensors.inputs, order.shapes);
  predict = async () => {
    await session.run(inputs);
  };
  return { kind: 'opened' };
}
