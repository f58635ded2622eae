import { Command, Option } from 'commander';
import { FescueError } from '../../components/common/errors.ts';
import { connectCliIpc, type TopicMessage } from '../deploy/cli-ipc.ts';
import { type CliInfo, readCliInfo } from '../deploy/cli-info.ts';
import { greengrassRoot } from '../deploy/greengrass-target.ts';
import { localRoot } from '../deploy/local-target.ts';
import { type TargetName, targetNames } from '../deploy/targets.ts';
import { aborted, interruption, progress, readable } from './components-run.ts';
import { printable } from './printable.ts';
import { rootOf, rootOption } from './target-options.ts';

type TailFlags = { to: TargetName; root?: string; iotCore?: true; json?: true };

export function tailCommand(): Command {
  return new Command('tail')
    .description('Print the messages of a topic as they come, one line each.')
    .argument('<topic>', 'topic or filter with the wildcards + and # of MQTT')
    .addOption(new Option('--to <target>', 'nucleus whose topics they are').choices(targetNames).default('local'))
    .addOption(rootOption())
    .option('--iot-core', 'topics of AWS IoT Core instead of those of the device')
    .option('--json', 'print each message as {"topic", "payload"}: JSON as it is, other text as text, bytes as {"base64"}')
    .addHelpText(
      'after',
      `
Examples:
  fescue tail '#'
  fescue tail gg/sageMakerEdgeManager/image-classification --iot-core --json
  sudo fescue tail 'cameras/+/labels' --to greengrass`,
    )
    .action(tail);
}

async function tail(topic: string, flags: TailFlags): Promise<void> {
  const ipc = await connectCliIpc(await cliInfoOf(flags));
  const signal = interruption(() => undefined);
  try {
    await ipc.subscribe(topic, { ioTCore: flags.iotCore === true, onMessage: (message) => process.stdout.write(`${flags.json === true ? jsonLine(message) : textLine(message)}\n`) });
    progress(`Listening on ${topic}. Ctrl-C ends it.`);
    const lost = await Promise.race([aborted(signal), ipc.lost]);
    if (lost !== undefined && !signal.aborted) throw new FescueError('unavailable', `The connection to the nucleus ended: ${lost}. Start this again when it runs.`);
  } finally {
    await ipc.close();
  }
}

async function cliInfoOf(flags: TailFlags): Promise<CliInfo> {
  const { to } = flags;
  if (to === 'lite') throw new FescueError('unimplemented', 'Nucleus lite lets only components listen to topics, so there is nothing to tail with. Publish to AWS IoT Core and subscribe there, or let a component subscribe and print; `fescue logs --to lite` shows that.');
  const root = rootOf(flags);
  if (to === 'local') return connectableInfo(root ?? localRoot, 'Start it with `fescue nucleus start`.');
  return connectableInfo(root ?? greengrassRoot, 'See that it runs, that the component aws.greengrass.Cli is deployed, and that --root or GG_ROOT is right; its topics are open to root and to AuthorizedPosixGroups.');
}

async function connectableInfo(root: string, remedy: string): Promise<CliInfo> {
  const info = await readCliInfo(root);
  if (info === undefined) throw new FescueError('unavailable', `No nucleus has opened itself to command lines of this user in ${root}. ${remedy}`);
  return info;
}

function textLine({ topic, payload }: TopicMessage): string {
  return printable(`${topic} ${readable(payload)}`);
}

function jsonLine({ topic, payload }: TopicMessage): string {
  return JSON.stringify({ topic, payload: payloadOf(payload) });
}

function payloadOf(payload: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    return /^\s*[[{"\d\-tfn]/.test(text) ? jsonOrText(text) : text;
  } catch (error) {
    if (error instanceof TypeError) return { base64: Buffer.from(payload).toString('base64') };
    throw error;
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
