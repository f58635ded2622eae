import { Command } from 'commander';
import { addSettingFlags, settingsFromFlags } from '../common/command-line.ts';
import { inferenceSettings } from './settings.ts';
import { runInference, type RunOptions } from './run.ts';

/** The inference component as a command: classifies images until it is asked to stop. */
export function inferenceCommand(environment: NodeJS.ProcessEnv, patience: Pick<RunOptions, 'lossMs'> = {}): Command {
  const command = new Command('inference')
    .description('Classify images with the agent and publish the results.')
    .option('-c, --config <file>', 'JSON file of settings by their Greengrass keys');
  addSettingFlags(command, inferenceSettings).addHelpText('after', examples);
  return command.action(async (options: Record<string, unknown>) => {
    const file = options['config'];
    const flags = settingsFromFlags(inferenceSettings, options);
    await runInference({ ...patience, environment, flags, ...(typeof file === 'string' ? { file } : {}) });
  });
}

const examples = `
Started by Greengrass, it reads the component's configuration. Every setting can also come from the file of --config,
from the environment (FESCUE_IMAGE_DIRECTORY, …) or from a flag; the later in this list wins.

Examples:
  inference --image-directory photos --model-path efficientnet-lite0    results on standard output, logs on standard error
  inference --image-name /data/door.jpg --inference-interval 5          one image every five seconds`;
