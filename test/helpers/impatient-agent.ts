/** The agent, which gives up a lost connection to the nucleus after three seconds. */
import { agentCommand } from '../../components/agent/command.ts';
import { runCommand } from '../../components/common/command-line.ts';

void runCommand(agentCommand(process.env, { lossMs: 3_000 }), process.argv);
