import { Command, Option } from 'commander';
import { wholeNumber } from './arguments.ts';
import { interruption } from './components-run.ts';
import { addTargetOptions, openTarget, type TargetFlags } from './target-options.ts';

type LogsFlags = TargetFlags & { follow?: true; lines: number };

export function logsCommand(): Command {
  const command = new Command('logs').description('Print the log of a component.').argument('<component>', 'its name; the log of a classic or local nucleus itself is greengrass');
  return addTargetOptions(command)
    .option('-f, --follow', 'go on with new lines until Ctrl-C, also when the file is begun anew')
    .addOption(new Option('-n, --lines <count>', 'latest lines to begin with').argParser(wholeNumber(0, 1_000_000)).default(100))
    .addHelpText(
      'after',
      `
Examples:
  fescue logs dev.fescue.EdgeAgent -f
  fescue logs dev.fescue.Inference -n 1000 --to greengrass --host pi@camera-4
  fescue logs dev.fescue.Inference -f --to lite`,
    )
    .action(async (component: string, flags: LogsFlags) => {
      const signal = interruption(() => undefined);
      const { target } = await openTarget(flags, signal);
      try {
        await target.logs(component, { lines: flags.lines, follow: flags.follow === true, signal, onLine: (line) => void process.stdout.write(`${line}\n`) });
      } finally {
        await target.close();
      }
    });
}
