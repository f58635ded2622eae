import { runCommand } from '../common/command-line.ts';
import { agentCommand } from './command.ts';

void runCommand(agentCommand(process.env), process.argv);
