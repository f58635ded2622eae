import { Command } from 'commander';
import { addSettingFlags, settingsFromFlags } from '../common/command-line.ts';
import { createLogger, type Logger } from '../common/log.ts';
import type { Outcome } from '../common/original-configuration.ts';
import { captureMetricsText } from './capture/capture-metrics.ts';
import { Captures } from './capture/captures.ts';
import { readAgentConfig } from './config.ts';
import { Health } from './health.ts';
import { AgentMetrics } from './metrics.ts';
import { MetricsDoor } from './metrics-door.ts';
import { observers } from './model-observer.ts';
import { ModelRegistry } from './model-registry.ts';
import { AgentServer } from './server.ts';
import { agentSettings } from './settings.ts';

/** The agent as a command: reads its configuration, serves until SIGTERM or SIGINT, and stops in reverse order. */
export function agentCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('agent')
    .description('Serve the Edge Manager agent API on a unix socket, with ONNX Runtime behind it.')
    .option('-a <socket>', 'path of the unix socket, as the original agent spells it; the same as --unix-socket-name')
    .option('-c <file>', 'JSON file of settings, by their Greengrass keys or those of the original agent')
    .option('-f', 'remove a stale socket file first; always done when nobody answers on it, accepted for compatibility');
  addSettingFlags(command, agentSettings).addHelpText('after', examples);
  return command.action(async (options: Record<string, unknown>) => {
    const flags = settingsFromFlags(agentSettings, options);
    if (typeof options['a'] === 'string') flags['UnixSocketName'] = options['a'];
    await runAgent({ environment, flags, ...(typeof options['c'] === 'string' ? { file: options['c'] } : {}) });
  });
}

const examples = `
Every setting can also come from the environment (FESCUE_UNIX_SOCKET_NAME, …) or from the file of -c; a flag wins.

Examples:
  agent                                     serve on the socket clients of the original agent know
  agent -a /tmp/agent.sock --queue-size 8   another socket, a shorter queue
  agent --metrics-address 127.0.0.1:9464    Prometheus metrics, too
  agent -c agent.json                       settings from a file: {"UnixSocketName": "/tmp/agent.sock"}
  agent -f -a /tmp/agent.sock -c sagemaker_edge_config.json
                                            as the original agent was started; docs/migration.md has its keys`;

const lastAnswersMs = 1_000;

async function runAgent(sources: Parameters<typeof readAgentConfig>[0]): Promise<void> {
  const { config, outcomes } = readAgentConfig(sources);
  const log = createLogger({ component: 'agent', level: config.logLevel });
  logOutcomes(log, outcomes);

  const stopRequested = stopSignal();
  const health = new Health();
  const metrics = new AgentMetrics();
  const models = new ModelRegistry({ config, log, observer: observers(health, metrics) });
  const captures = new Captures({ config: config.capture, log });
  const server = new AgentServer({ config, models, captures, health, metrics, log });
  const metricsDoor = new MetricsDoor({ config, text: () => metrics.text(models) + captureMetricsText(captures.figures), log });
  await metricsDoor.start();
  await server.start().catch(async (error: unknown) => {
    await metricsDoor.stop();
    throw error;
  });
  captures.start();
  log.info({ signal: await stopRequested }, 'stopping');
  await server.stop();
  await metricsDoor.stop();
  await captures.stop();
  await models.stop();
  log.info('stopped');
  // The last answers are on their way. What keeps the process alive after that is a client that never closes its side.
  setTimeout(() => process.exit(), lastAnswersMs).unref();
}

/** Tells what a configuration file asks for that this agent does not do. */
function logOutcomes(log: Logger, outcomes: readonly Outcome[]): void {
  const waiting = outcomes.filter((outcome) => outcome.fate === 'waiting').map((outcome) => outcome.key);
  if (waiting.length > 0) log.warn({ keys: waiting }, 'configuration keys are accepted, but this version does not act on them');
  for (const { key, fate, why } of outcomes) {
    if (fate === 'unknown') log.warn({ key }, 'configuration key is not known and has no effect');
    if (fate === 'overruled') log.warn({ key }, `configuration key has no effect: ${why}`);
    if (fate === 'dropped') log.info({ key }, `configuration key has no effect: ${why}`);
  }
}

async function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => done(signal));
  });
}
