import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { Captures } from './capture/captures.ts';
import type { AgentConfig } from './config.ts';
import type { Health } from './health.ts';
import type { AgentMetrics } from './metrics.ts';
import type { ModelRegistry } from './model-registry.ts';
import { flowWindowBytes, widenFlowWindow } from './flow-window.ts';
import type { OpenStreams } from './open-streams.ts';
import { agentMethods } from './rpc.ts';
import { clearSocketPath, restrictSocket } from './socket.ts';
import { SocketWatch } from './socket-watch.ts';
import { addStandardServices } from './standard-services.ts';
import { answerUnaryCalls } from './unary-call.ts';

const drainStepMs = 20;

/** The gRPC server on the agent's unix socket. */
export class AgentServer {
  #config: AgentConfig;
  #log: Logger;
  #server: Server;
  #models: ModelRegistry;
  #health: Health;
  #streams: OpenStreams;
  #watch: SocketWatch;

  constructor(options: { config: AgentConfig; models: ModelRegistry; captures: Captures; health: Health; metrics: AgentMetrics; log: Logger }) {
    this.#config = options.config;
    this.#log = options.log;
    this.#models = options.models;
    this.#watch = new SocketWatch({ path: resolve(options.config.socketPath) });
    this.#server = new Server({ 'grpc.enable_channelz': 0 });
    widenFlowWindow(this.#server, flowWindowBytes);
    answerUnaryCalls(this.#server, {
      methods: agentMethods(options.models, options.captures),
      maxMessageBytes: options.config.maxMessageBytes,
      onAnswered: (path, code) => options.metrics.answered(path, code),
    });
    this.#health = options.health;
    this.#streams = addStandardServices(this.#server, options.health);
  }

  /** @throws FescueError `failed-precondition` when the socket cannot be served */
  async start(): Promise<void> {
    const path = resolve(this.#config.socketPath);
    if (await clearSocketPath(path)) this.#log.warn({ socket: path }, 'removed the socket file of an agent that is gone');
    await this.#bind(path);
    await restrictSocket(path, { mode: this.#config.socketMode, group: this.#config.socketGroup }).catch((error: unknown) => {
      this.#server.forceShutdown();
      throw error;
    });
    await this.#watch.start();
    this.#log.info({ socket: path }, 'serving');
  }

  /** Resolves with what became of the socket file when nobody can connect by it any more. */
  get lost(): Promise<string> {
    return this.#watch.lost;
  }

  /**
   * Stops accepting and removes the socket file; resolves when the running calls are done, at the latest after
   * `timeoutMs`. Calls still running then end with the models they wait for; connections of clients that never finish
   * stay open as long as the process.
   */
  async stop(timeoutMs: number): Promise<void> {
    const done = Promise.withResolvers<void>();
    const overdue = setTimeout(() => {
      this.#log.warn({ afterMs: timeoutMs }, 'some calls did not finish in time and are cut off');
      done.resolve();
    }, timeoutMs);
    this.#watch.stop();
    this.#health.stop();
    this.#streams.end();
    // To close the socket removes what has its name, be it the file of another server.
    if (await this.#watch.isInPlace()) this.#server.tryShutdown(() => done.resolve());
    else void this.#drain(timeoutMs).then(done.resolve);
    await done.promise;
    clearTimeout(overdue);
  }

  async #drain(timeoutMs: number): Promise<void> {
    for (let left = timeoutMs; this.#models.busy && left > 0; left -= drainStepMs) await sleep(drainStepMs);
  }

  async #bind(path: string): Promise<void> {
    // Nobody may connect between bind and chmod.
    const umask = process.umask(0o777);
    try {
      await new Promise<void>((done, fail) => {
        this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => (error === null ? done() : fail(error)));
      });
    } catch (error) {
      throw new FescueError('failed-precondition', `The agent cannot serve on ${path}: ${messageOf(error)}.`, { cause: error });
    } finally {
      process.umask(umask);
    }
  }
}
