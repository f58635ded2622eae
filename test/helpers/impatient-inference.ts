/** The inference component, which gives up a lost connection to the nucleus within a second. */
import { runCommand } from '../../components/common/command-line.ts';
import { inferenceCommand } from '../../components/inference/command.ts';

void runCommand(inferenceCommand(process.env, { lossMs: 1_000 }), process.argv);
