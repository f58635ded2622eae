/** The inference component, which gives up a lost connection to the nucleus after three seconds. */
import { runCommand } from '../../components/common/command-line.ts';
import { inferenceCommand } from '../../components/inference/command.ts';

void runCommand(inferenceCommand(process.env, { lossMs: 3_000 }), process.argv);
