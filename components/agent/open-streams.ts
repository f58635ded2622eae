import type { Server, ServerWritableStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

type StreamingCall = ServerWritableStream<unknown, unknown>;

/**
 * Adds services to a server and keeps their open streams, which last as long as the client likes: without `end` they
 * would hold up a stopping server.
 */
export class OpenStreams {
  #server: Server;
  #calls = new Set<StreamingCall>();
  #ended = false;

  constructor(server: Server) {
    this.#server = server;
  }

  addService(service: ServiceDefinition, handlers: UntypedServiceImplementation): void {
    const kept = Object.entries(service).map(([method, { responseStream, originalName = method }]) => {
      const handler = handlers[method] ?? handlers[originalName];
      return [method, responseStream && handler !== undefined ? this.#keeping(handler) : handler];
    });
    this.#server.addService(service, Object.fromEntries(kept) as UntypedServiceImplementation);
  }

  /** Ends every stream, and every later one at once, with status OK. */
  end(): void {
    this.#ended = true;
    for (const call of this.#calls) call.end();
    this.#calls.clear();
  }

  #keeping(handler: UntypedServiceImplementation[string]): (call: StreamingCall) => void {
    const handle = handler as (call: StreamingCall) => void;
    return (call) => {
      if (this.#ended) return void call.end();
      this.#calls.add(call);
      for (const event of ['cancelled', 'close']) call.on(event, () => this.#calls.delete(call));
      handle(call);
    };
  }
}
