import { enableCompileCache } from 'node:module';
import { Command } from 'commander';
import { exitCodes, runCommand } from '../components/common/command-line.ts';
import { hasCode } from '../components/common/errors.ts';
import { productVersion } from '../components/common/version.ts';
import { inCheckout } from './packaging/paths.ts';

/** The commands, each with its modules loaded only when it is asked for: all of them take most of a second. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
  dev: async () => (await import('./commands/dev.ts')).devCommand(),
  nucleus: async () => (await import('./commands/nucleus.ts')).nucleusCommand(),
  deploy: async () => (await import('./commands/deploy.ts')).deployCommand(),
  watch: async () => (await import('./commands/watch.ts')).watchCommand(),
  logs: async () => (await import('./commands/logs.ts')).logsCommand(),
  tail: async () => (await import('./commands/tail.ts')).tailCommand(),
  agent: async () => (await import('../components/agent/command.ts')).agentCommand(process.env),
  predict: async () => (await import('./commands/predict.ts')).predictCommand(),
  capture: async () => (await import('./commands/capture.ts')).captureCommand(),
  fleet: async () => (await import('./commands/fleet.ts')).fleetCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  package: async () => (await import('./commands/package.ts')).packageCommand(),
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  bench: async () => (await import('./commands/bench.ts')).benchCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  setup: async () => (await import('./commands/setup.ts')).setupCommand(),
  'lint-recipe': async () => (await import('./commands/lint-recipe.ts')).lintRecipeCommand(),
};

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
  fescue doctor                                  check this device and its account
  fescue help predict                            more on one command`,
  );

const [, , name = ''] = process.argv;
enableCompileCache(inCheckout('node_modules/.cache/fescue'));
// For help, and to say what is meant instead of a word that is none of them, all are needed.
const chosen = Object.hasOwn(commands, name) ? [name] : Object.keys(commands);
for (const one of chosen) {
  const command = await commands[one]?.();
  if (command !== undefined) root.addCommand(command);
}

// Whoever reads the output may have seen enough, as `| head` does. Commands that end in an orderly way are asked to.
process.stdout.once('error', (error) => {
  if (!hasCode(error, 'EPIPE')) throw error;
  process.stdout.on('error', () => undefined);
  if (process.listenerCount('SIGTERM') === 0) process.exit(exitCodes.ok);
  process.kill(process.pid, 'SIGTERM');
});

void runCommand(root, process.argv);
