import { resolve } from 'node:path';
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
import { addStandardServices } from './standard-services.ts';
import { answerUnaryCalls } from './unary-call.ts';

/** The gRPC server on the agent's unix socket. */
export class AgentServer {
  #config: AgentConfig;
  #log: Logger;
  #server: Server;
  #health: Health;
  #streams: OpenStreams;

  constructor(options: { config: AgentConfig; models: ModelRegistry; captures: Captures; health: Health; metrics: AgentMetrics; log: Logger }) {
    this.#config = options.config;
    this.#log = options.log;
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
    this.#log.info({ socket: path }, 'serving');
  }

  /**
   * Stops accepting and removes the socket file; resolves when the running calls are done, at the latest after the
   * configured bound. Calls still running then end with the models they wait for; connections of clients that never
   * finish stay open as long as the process.
   */
  async stop(): Promise<void> {
    const done = Promise.withResolvers<void>();
    const overdue = setTimeout(() => {
      this.#log.warn({ afterMs: this.#config.stopTimeoutMs }, 'some calls did not finish in time and are cut off');
      done.resolve();
    }, this.#config.stopTimeoutMs);
    this.#health.stop();
    this.#streams.end();
    this.#server.tryShutdown(() => done.resolve());
    await done.promise;
    clearTimeout(overdue);
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
