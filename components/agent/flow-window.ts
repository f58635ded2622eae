import type { ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** How much clients may send before the agent has read it: a large tensor in one go. */
export const flowWindowBytes = 8 * 1024 * 1024;

/** What grpc-js (1.14) keeps to itself and does not make configurable on a server. */
type Internals = {
  commonServerOptions: { settings?: object };
  _sessionHandler: (this: Server, http2Server: unknown) => (session: ServerHttp2Session) => void;
};

/**
 * Lets clients send `bytes` before they wait for the server. HTTP/2's 64 KiB make a tensor of 600 KB wait ten times;
 * grpc-js has an option for this that only its client reads. A test reads the resulting frames off the wire.
 *
 * A client must not widen its own side likewise: Node's HTTP/2 stops reading while a write is under way, and two such
 * ends, each with more to write than the socket holds, wait for each other for good.
 */
export function widenFlowWindow(server: Server, bytes: number): void {
  const internals = server as unknown as Internals;
  internals.commonServerOptions.settings = { ...internals.commonServerOptions.settings, initialWindowSize: bytes };
  const handlerOf = internals._sessionHandler;
  internals._sessionHandler = (http2Server) => {
    const handle = handlerOf.call(server, http2Server);
    return (session) => {
      session.setLocalWindowSize(bytes);
      handle(session);
    };
  };
}
