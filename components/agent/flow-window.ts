import type { ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** What grpc-js (1.14) keeps to itself and does not make configurable on a server. */
type Internals = {
  commonServerOptions: { settings?: object };
  _sessionHandler: (this: Server, http2Server: unknown) => (session: ServerHttp2Session) => void;
};

/**
 * Lets clients send `bytes` before they wait for the server. HTTP/2's 64 KiB make a tensor of 600 KB wait ten times;
 * grpc-js has an option for this that only its client reads. A test reads the resulting frames off the wire.
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
