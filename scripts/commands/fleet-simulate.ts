import { resolve as absolute } from 'node:path';
import { Command, Option } from 'commander';
import { connectLocalNucleus, localRoot } from '../deploy/local-target.ts';
import { countText } from '../fleet/figures-text.ts';
import { reportOn, reportOnce, type SimulateRequest } from '../fleet/simulate.ts';
import { iotName, positiveNumber, wholeNumber } from './arguments.ts';
import { interruption, progress } from './components-run.ts';

type SimulateFlags = { local: string | true; devices: number; fleet: string; seed: number; period: number; once?: true };

export function fleetSimulateCommand(): Command {
  return new Command('simulate')
    .description('Let made-up devices report to the running local nucleus, again and again until Ctrl-C, to see what the other commands show.')
    .requiredOption('--local [root]', 'the local nucleus. Default root: build/nucleus of this checkout')
    .addOption(new Option('--devices <count>', 'how many, from sim-000000 on').argParser(wholeNumber(1, 20_000)).default(100))
    .addOption(new Option('--fleet <name>', 'fleet that they name').argParser(iotName).default('simulated'))
    .addOption(new Option('--seed <number>', 'the same one makes the same devices').argParser(wholeNumber(0, 2 ** 31)).default(1))
    .addOption(new Option('--period <seconds>', 'time between the reports of a device').argParser(positiveNumber).default(30))
    .option('--once', 'one report of each, instead of going on until Ctrl-C')
    .addHelpText(
      'after',
      `
Most of them run; some are silent, stopped or have never reported, and some of those that run have crashed or are behind with
their captures.

Examples:
  fescue nucleus start
  fescue fleet simulate --local --devices 500
  fescue fleet watch --local`,
    )
    .action(simulate);
}

async function simulate(flags: SimulateFlags): Promise<void> {
  const { devices, fleet, seed, period, once } = flags;
  const root = flags.local === true ? localRoot : absolute(flags.local);
  const nucleus = await connectLocalNucleus(root);
  const signal = interruption(() => undefined);
  try {
    const update: SimulateRequest['update'] = async (thing, shadow, document) => nucleus.updateShadow(thing, shadow, document);
    const request = { devices, fleet, seed, periodSeconds: period, update, clock: Date.now, signal };
    progress(`${countText(await reportOnce(request))} of ${countText(devices)} devices have reported to ${root}.`);
    if (once !== true && !signal.aborted) progress(`Those that run go on, every ${period} s. Ctrl-C ends it; what they reported stays.`);
    if (once !== true) await reportOn(request);
  } finally {
    await nucleus.close();
  }
}
