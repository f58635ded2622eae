import { Command } from 'commander';
import { agentCommand } from '../components/agent/command.ts';
import { runCommand } from '../components/common/command-line.ts';
import { productVersion } from '../components/common/version.ts';
import { benchCommand } from './commands/bench.ts';
import { captureCommand } from './commands/capture.ts';
import { demoCommand } from './commands/demo.ts';
import { deployCommand } from './commands/deploy.ts';
import { devCommand } from './commands/dev.ts';
import { lintRecipeCommand } from './commands/lint-recipe.ts';
import { logsCommand } from './commands/logs.ts';
import { migrateCommand } from './commands/migrate.ts';
import { inspectCommand } from './commands/inspect.ts';
import { keysCommand } from './commands/keys.ts';
import { nucleusCommand } from './commands/nucleus.ts';
import { packageCommand } from './commands/package.ts';
import { predictCommand } from './commands/predict.ts';
import { replayCommand } from './commands/replay.ts';
import { tailCommand } from './commands/tail.ts';
import { watchCommand } from './commands/watch.ts';

const root = new Command('fescue')
  .description('Machine-learning inference for AWS IoT Greengrass V2 devices, with the API of SageMaker Edge Manager.')
  // `fescue package` has a --version of its own.
  .enablePositionalOptions()
  .version(productVersion, '--version', 'print the version')
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 refused or failed, 2 bad usage.

Examples:
  fescue demo                                    classify the bundled photos through the whole chain
  fescue dev                                     run the components on this machine, without Greengrass
  fescue deploy --to greengrass --host pi@cam    deploy them to a device and follow it
  fescue predict list --socket /tmp/agent.sock   ask a running agent for its models
  fescue help predict                            more on one command`,
  );
const commands = [demoCommand(), devCommand(), nucleusCommand(), deployCommand(), watchCommand(), logsCommand(), tailCommand(), agentCommand(process.env), predictCommand(), captureCommand(), replayCommand(), packageCommand(), inspectCommand(), keysCommand(), benchCommand(), migrateCommand(), lintRecipeCommand()];
for (const command of commands) root.addCommand(command);

void runCommand(root, process.argv);
