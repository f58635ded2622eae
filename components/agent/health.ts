import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { FescueError } from '../common/errors.ts';
import type { ModelObserver } from './model-observer.ts';
import { statusOf } from './status.ts';

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
type Request = { service: string };
type Response = { status: Status };
type Watch = { readonly service: string; readonly call: ServerWritableStream<Request, Response> };

/** The service whose health is the agent's, besides the empty name for the whole server. */
export const agentServiceName = 'AWS.SageMaker.Edge.Agent';

/** The health service name of a model. */
export function healthNameOf(alias: string): string {
  return `model/${alias}`;
}

/**
 * The health of the agent and of every loaded model, as grpc.health.v1 tells it. The service definition is that of the
 * package grpc-health-check; its implementation never forgets a service, which unloaded models have to be.
 */
export class Health implements ModelObserver {
  #statuses = new Map<string, Status>([
    ['', 'SERVING'],
    [agentServiceName, 'SERVING'],
  ]);
  #watches = new Set<Watch>();

  serving(alias: string): void {
    this.#set(healthNameOf(alias), 'SERVING');
  }

  restarting(alias: string, workersLeft: number): void {
    if (workersLeft === 0) this.#set(healthNameOf(alias), 'NOT_SERVING');
  }

  predicted(): void {
    // Says nothing about health that the worker's end does not say better.
  }

  refused(): void {
    // Nor does this.
  }

  sampled(): void {
    // Nor this.
  }

  gone(alias: string): void {
    this.#set(healthNameOf(alias), 'SERVICE_UNKNOWN');
  }

  /** Everything is NOT_SERVING from now on: the agent stops. */
  stop(): void {
    for (const service of this.#statuses.keys()) this.#set(service, 'NOT_SERVING');
  }

  /** The handlers of Check, Watch and List. */
  handlers(): UntypedServiceImplementation {
    return {
      Check: (call: ServerUnaryCall<Request, Response>, respond: sendUnaryData<Response>): void => {
        const status = this.#statuses.get(call.request.service);
        if (status === undefined) respond(statusOf(unknownService(call.request.service)));
        else respond(null, { status });
      },
      Watch: (call: Watch['call']): void => this.#watch(call),
      List: (_: unknown, respond: sendUnaryData<{ statuses: Record<string, Response> }>): void => {
        respond(null, { statuses: Object.fromEntries([...this.#statuses].map(([service, status]) => [service, { status }])) });
      },
    };
  }

  #watch(call: Watch['call']): void {
    const watch = { service: call.request.service, call };
    this.#watches.add(watch);
    for (const event of ['cancelled', 'finish', 'close']) call.on(event, () => this.#watches.delete(watch));
    call.write({ status: this.#statuses.get(watch.service) ?? 'SERVICE_UNKNOWN' });
  }

  #set(service: string, status: Status): void {
    if ((this.#statuses.get(service) ?? 'SERVICE_UNKNOWN') === status) return;
    if (status === 'SERVICE_UNKNOWN') this.#statuses.delete(service);
    else this.#statuses.set(service, status);
    for (const watch of this.#watches) {
      if (watch.service === service && watch.call.writable) watch.call.write({ status });
    }
  }
}

function unknownService(service: string): FescueError {
  return new FescueError('not-found', `Health of ${JSON.stringify(service)} is not known: expected "", "${agentServiceName}" or "${healthNameOf('<alias of a loaded model>')}".`);
}
