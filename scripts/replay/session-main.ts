/** The program that runs the model of a replay in process. It lives as long as its channel to the parent. */
import { checkUnchanged } from '../../components/agent/file-stamps.ts';
import { checkDeclaredTensors, openModelFiles } from '../../components/agent/model-package.ts';
import { Session } from '../../components/agent/session.ts';
import { failureOf } from '../../components/agent/worker-messages.ts';
import type { Answer, Order } from './session-program.ts';

let session: Session;

// A Ctrl-C reaches the whole process group; the parent decides when this program ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (order) => void answer(order as Order));

async function answer(order: Order): Promise<void> {
  const reply = await obey(order).catch((error: unknown): Answer => ({ failure: failureOf(error) }));
  process.send?.(reply);
}

async function obey(order: Order): Promise<Answer> {
  if ('inputs' in order) return { outputs: await session.run(order.inputs) };
  session = await open(order);
  return { tensors: session.tensors };
}

/** As an agent's worker does it: what it would refuse is refused. */
async function open({ path, intraOpThreads }: Extract<Order, { path: string }>): Promise<Session> {
  const { modelPath, manifest, stamps } = await openModelFiles(path, { mode: 'if-present', trusted: [] });
  const opened = await Session.open(modelPath, { intraOpThreads });
  await checkUnchanged(stamps);
  if (manifest !== undefined) checkDeclaredTensors(manifest, opened.tensors);
  return opened;
}
