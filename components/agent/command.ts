import { Command } from 'commander';
import { addSettingFlags, settingsFromFlags } from '../common/command-line.ts';
import { runAgent, type AgentPatience } from './run.ts';
import { agentSettings } from './settings.ts';

/** The agent as a command: reads its configuration, serves until it is asked to stop, and stops in reverse order. */
export function agentCommand(environment: NodeJS.ProcessEnv, patience?: AgentPatience): Command {
  const command = new Command('agent')
    .description('Serve the Edge Manager agent API on a unix socket, with ONNX Runtime behind it.')
    .option('-a <socket>', 'path of the unix socket, as the original agent spells it; the same as --unix-socket-name')
    .option('-c <file>', 'JSON file of settings, by their Greengrass keys or those of the original agent')
    .option('-f', 'remove a stale socket file first; always done when nobody answers on it, accepted for compatibility');
  addSettingFlags(command, agentSettings).addHelpText('after', examples);
  return command.action(async (options: Record<string, unknown>) => {
    const flags = settingsFromFlags(agentSettings, options);
    if (typeof options['a'] === 'string') flags['UnixSocketName'] = options['a'];
    await runAgent({ environment, flags, ...(typeof options['c'] === 'string' ? { file: options['c'] } : {}) }, patience);
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
