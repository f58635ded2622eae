import { runCommand } from '../common/command-line.ts';
import { inferenceCommand } from './command.ts';

void runCommand(inferenceCommand(process.env), process.argv);
