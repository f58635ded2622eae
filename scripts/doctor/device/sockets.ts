import { connect } from 'node:net';

const patienceMs = 3_000;

/** What becomes of a connection to a unix socket. `silent`: it was neither taken nor refused in time. */
export type Reachability = 'open' | 'refused' | 'missing' | 'denied' | 'silent';

/** Connects to a unix socket, and hangs up. */
export async function reach(path: string): Promise<Reachability> {
  const socket = connect(path);
  const outcome = Promise.withResolvers<Reachability>();
  socket.setTimeout(patienceMs, () => outcome.resolve('silent'));
  socket.once('connect', () => outcome.resolve('open'));
  socket.on('error', (error) => outcome.resolve(reachabilityOf(error)));
  try {
    return await outcome.promise;
  } finally {
    socket.destroy();
  }
}

function reachabilityOf(error: NodeJS.ErrnoException): Reachability {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return 'missing';
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'denied';
  // A queue that is full is served by somebody.
  return error.code === 'EAGAIN' ? 'silent' : 'refused';
}
