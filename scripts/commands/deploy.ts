import { Command, Option } from 'commander';
import { exitCodes } from '../../components/common/command-line.ts';
import { positiveNumber } from './arguments.ts';
import { interruption, progress } from './components-run.ts';
import { componentTable, deployOnce, failureText, ofOrder } from './deploy-once.ts';
import { addOrderOptions, checkOrderFlags, makeOrder, type OrderFlags } from './order-options.ts';
import { formatTable } from './table.ts';
import { addTargetOptions, flagsText, openTarget, type Opened, type TargetFlags } from './target-options.ts';

type DeployFlags = OrderFlags & TargetFlags & { wait: boolean; timeout: number; dryRun?: true; status?: true; json?: true };

export function deployCommand(): Command {
  const command = new Command('deploy').description('Deploy components to the local nucleus, to a Greengrass core device, or to nucleus lite, and follow it to the end.');
  return addOrderOptions(addTargetOptions(command))
    .option('--no-wait', 'do not follow the deployment')
    .addOption(new Option('--timeout <seconds>', 'follow the deployment so long').argParser(positiveNumber).default(600))
    .option('--dry-run', 'print what would be sent and run, and do none of it')
    .option('--status', 'print deployments and components instead')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (flags: DeployFlags) => {
      checkOrderFlags(flags, command);
      const signal = interruption(() => progress('Stopping …'));
      const opened = await openTarget(flags, signal);
      try {
        await (flags.status === true ? showStatus(opened, flags) : deploy(opened, flags, signal));
      } finally {
        await opened.target.close();
      }
    });
}

const examples = `
docs/deploy.md has every case. Progress goes to standard error, the components with their states to standard output. Exit
code 0 says that every component runs, or has finished, in its new version.

Examples:
  fescue deploy                                                     this checkout, to the local nucleus
  fescue deploy --set dev.fescue.Inference:/PublishTo=local         with a setting
  fescue deploy --to greengrass --host pi@camera-4                  to a core device, over ssh
  fescue deploy --to lite --dry-run                                 what would be done
  fescue deploy --recipe-dir build/recipes --artifact-dir build/artifacts --component com.example.Camera=1.2.0
  fescue deploy --remove dev.fescue.Inference
  fescue deploy --status --to greengrass`;

async function deploy({ target, runner }: Opened, flags: DeployFlags, signal: AbortSignal): Promise<void> {
  const order = await makeOrder(flags, { runner, say: progress });
  if (flags.dryRun === true) {
    const lines = await target.commands(order);
    process.stdout.write(flags.json === true ? json({ commands: lines }) : lines.map((line) => `${line}\n`).join(''));
    return;
  }
  for (const line of await target.commands(order)) progress(line);
  if (!flags.wait) {
    const { id } = await target.deploy(order);
    process.stdout.write(flags.json === true ? json({ deploymentId: id }) : `${id}\n`);
    return;
  }
  const outcome = await deployOnce({ target, order, timeoutMs: flags.timeout * 1000, signal, say: progress, flags: flagsText(flags) });
  const components = ofOrder(outcome, order);
  process.stdout.write(flags.json === true ? json({ deploymentId: outcome.id, state: outcome.state, components, reason: outcome.reason, blamed: outcome.blamed }) : componentTable(components));
  const failure = failureText(outcome);
  if (failure === undefined) return;
  progress(failure);
  process.exitCode = exitCodes.failed;
}

async function showStatus({ target }: Opened, flags: DeployFlags): Promise<void> {
  const deployments = await target.deployments();
  const components = await target.components();
  if (flags.json === true) {
    process.stdout.write(json({ deployments, components }));
    return;
  }
  const rows = deployments.map(({ id, state, createdOn }) => [id, state, createdOn ?? '']);
  if (rows.length > 0) process.stdout.write(`${formatTable([{ title: 'deployment' }, { title: 'state' }, { title: 'created' }], rows)}\n`);
  process.stdout.write(componentTable(components));
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
