import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AgentClient, AuxiliaryInput, Capture, PredictInput } from '../../components/common/agent-client.ts';
import { priorityName } from '../../components/common/capture-format.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import type { CaptureStatus } from '../../components/common/wire.ts';
import { preprocess } from '../../components/inference/preprocess.ts';
import { callOptions, classifierOf, print, subcommand, withAgent, type CommonOptions } from './agent-command.ts';
import { collectNamedFile, type NamedFile } from './arguments.ts';
import { readNpy } from './npy.ts';

type CaptureOptions = CommonOptions & { image?: string; tensor: NamedFile[]; attach: NamedFile[]; package?: string; id?: string; at?: Date; priority?: string; predict: boolean; wait?: true };

const askEveryMs = 200;

/** `capture` and `status`: the two calls of captured data. */
export function addCaptureCommands(command: Command): void {
  const capture = subcommand(command, 'capture', 'run a model and capture what went in and what came out', 'fescue predict capture classifier --image cat.jpg --attach note=note.json --wait')
    .argument('<name>', 'alias')
    .option('--image <file>', 'JPEG, PNG or WebP file, prepared as the package of the model says, and captured beside the tensor')
    .addOption(new Option('--tensor <file.npy>', 'NumPy file of an input, as name=file.npy or by position; may be repeated').argParser(collectNamedFile).default([], 'none'))
    .addOption(new Option('--attach <file>', 'file that goes along as auxiliary input data, also as name=file; may be repeated').argParser(collectNamedFile).default([], 'none'))
    .option('--package <folder>', 'package that describes the model; default: the url it was loaded from')
    .option('--id <id>', 'capture id; default: a random one')
    .addOption(new Option('--at <time>', 'when the prediction was made, such as 2026-03-14T16:11:30Z; default: now').argParser(moment))
    .addOption(new Option('--priority <digit>', 'what the capture is worth; default: as the package of the model says').choices(Array.from({ length: 10 }, (_, digit) => String(digit))))
    .option('--no-predict', 'capture the inputs alone')
    .option('--wait', 'wait until it is delivered; exit code 1 when it is not within --timeout');
  capture.action((name: string, options: CaptureOptions, self: Command) => {
    if ((options.image === undefined) === (options.tensor.length === 0)) self.error('error: give either --image or --tensor');
    return withAgent(options, (agent) => runCapture(agent, name, options));
  });
  subcommand(command, 'status', 'what became of a capture: SUCCESS, IN_PROGRESS, FAILURE or NOT_FOUND', 'fescue predict status 0b7c…')
    .argument('<id>', 'capture id')
    .action((id: string, options: CommonOptions) =>
      withAgent(options, async (agent) => {
        const status = await agent.captureStatus(id, callOptions(options));
        print(options, { id, status }, `${status}\n`);
      }),
    );
}

async function runCapture(agent: AgentClient, name: string, options: CaptureOptions): Promise<void> {
  const id = options.id ?? randomUUID();
  const inputs = options.image === undefined ? await tensorInputs(agent, name, options) : [await imageInput(agent, name, options.image, options)];
  const outputs = options.predict ? await agent.predict(name, inputs, callOptions(options)) : [];
  const capture: Capture = {
    model: name,
    id,
    ...(options.at === undefined ? {} : { at: options.at }),
    inputs,
    outputs: outputs.map(({ bytes, ...metadata }) => ({ bytes, metadata })),
    auxiliaryInputs: await auxiliaryInputs(options),
  };
  await agent.captureData(capture, callOptions(options));
  const status = options.wait ? await delivered(agent, id, options) : await agent.captureStatus(id, callOptions(options));
  print(options, { id, status }, `${id} ${status}\n`);
  if (options.wait && status !== 'SUCCESS') throw new FescueError('deadline-exceeded', `Capture ${id} is ${status} after ${options.timeout} s. The log of the agent says what keeps it; fescue predict status ${id} asks again.`);
}

async function imageInput(agent: AgentClient, name: string, image: string, options: CaptureOptions): Promise<PredictInput> {
  const { input } = await classifierOf(await agent.describeModel(name, callOptions(options)), options.package);
  const { bytes, ...metadata } = await preprocess(image, input);
  return { bytes, metadata };
}

/** A tensor without a name is the input at its position, for a capture has to say what its tensors are. */
async function tensorInputs(agent: AgentClient, name: string, options: CaptureOptions): Promise<PredictInput[]> {
  const model = await agent.describeModel(name, callOptions(options));
  const inputs: PredictInput[] = [];
  for (const [index, { name: tensor = model.inputs[index]?.name ?? `input-${index}`, file }] of options.tensor.entries()) {
    const { bytes, ...metadata } = await readNpy(file);
    inputs.push({ bytes, metadata: { ...metadata, name: tensor } });
  }
  return inputs;
}

async function auxiliaryInputs({ image, attach, priority }: CaptureOptions): Promise<AuxiliaryInput[]> {
  const files: NamedFile[] = [...(image === undefined ? [] : [{ file: image }]), ...attach];
  const data: AuxiliaryInput[] = [];
  for (const { name, file } of files) data.push({ name: name ?? basename(file), encoding: encodingOf(file), bytes: await bytesOf(file) });
  return priority === undefined ? data : [...data, { name: priorityName, encoding: 'NONE', bytes: Buffer.from(priority) }];
}

function encodingOf(file: string): AuxiliaryInput['encoding'] {
  if (file.endsWith('.json')) return 'JSON';
  return file.endsWith('.csv') ? 'CSV' : 'NONE';
}

async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new FescueError('not-found', `File ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  });
}

async function delivered(agent: AgentClient, id: string, options: CaptureOptions): Promise<CaptureStatus> {
  const giveUpAt = performance.now() + options.timeout * 1000;
  for (;;) {
    const status = await agent.captureStatus(id, callOptions(options));
    if (status !== 'IN_PROGRESS' || performance.now() > giveUpAt) return status;
    await sleep(askEveryMs);
  }
}

function moment(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('Expected a time such as 2026-03-14T16:11:30Z.');
  return at;
}
