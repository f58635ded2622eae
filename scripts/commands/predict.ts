import { Command, Option } from 'commander';
import type { AgentClient, Model, PredictInput } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import { describeTensor, type Tensor, type TensorSpec } from '../../components/common/tensor.ts';
import { elementsOf } from '../../components/common/tensor-elements.ts';
import { bestClasses, classScores } from '../../components/inference/postprocess.ts';
import { preprocess } from '../../components/inference/preprocess.ts';
import { callOptions, classifierOf, print, subcommand, withAgent, type CommonOptions } from './agent-command.ts';
import { collectNamedFile, positiveInteger, type NamedFile } from './arguments.ts';
import { readNpy } from './npy.ts';
import { addCaptureCommands } from './predict-capture.ts';
import { formatTable } from './table.ts';

type PredictOptions = CommonOptions & { image?: string; tensor: NamedFile[]; package?: string; top: number };

const shownElements = 8;

/** The hand tool: every call of the agent's API from a shell. */
export function predictCommand(): Command {
  const command = new Command('predict').description('Talk to a running agent: list, load, describe, predict, unload, capture, status.').addHelpText(
    'after',
    `
A refusal of the agent is printed with its status, such as NOT_FOUND, and ends with exit code 1.

Examples:
  fescue predict load /models/efficientnet-lite0 classifier
  fescue predict predict classifier --image cat.jpg
  fescue predict predict detector --tensor input.npy --json
  fescue predict capture classifier --image cat.jpg --wait
  fescue predict list --socket /run/fescue/agent.sock`,
  );
  subcommand(command, 'list', 'models that are loaded', 'fescue predict list --json').action((options: CommonOptions) =>
    withAgent(options, async (agent) => printModels(await agent.listModels(callOptions(options)), options)),
  );
  subcommand(command, 'load', 'load a model', 'fescue predict load models/efficientnet-lite0 classifier')
    .argument('<url>', "package folder or .onnx file; a relative one is relative to the agent's working directory")
    .argument('<name>', 'alias: letters, digits and inner dashes')
    .action((url: string, name: string, options: CommonOptions) => withAgent(options, async (agent) => printModels([await agent.loadModel(url, name, callOptions(options))], options)));
  subcommand(command, 'describe', "a model's inputs and outputs", 'fescue predict describe classifier')
    .argument('<name>', 'alias')
    .action((name: string, options: CommonOptions) => withAgent(options, async (agent) => printModels([await agent.describeModel(name, callOptions(options))], options)));
  subcommand(command, 'predict', 'run a model on an image or on tensors', 'fescue predict predict classifier --image cat.jpg --top 3')
    .argument('<name>', 'alias')
    .option('--image <file>', 'JPEG, PNG or WebP file, prepared as the package of the model says')
    .addOption(new Option('--tensor <file.npy>', 'NumPy file of an input, as name=file.npy or by position; may be repeated').argParser(collectNamedFile).default([], 'none'))
    .option('--package <folder>', "package that describes the model; default: the url it was loaded from")
    .addOption(new Option('--top <count>', 'labels shown for an image').argParser(positiveInteger).default(5))
    .action((name: string, options: PredictOptions, self: Command) => {
      if ((options.image === undefined) === (options.tensor.length === 0)) self.error('error: give either --image or --tensor');
      return withAgent(options, (agent) => (options.image === undefined ? predictTensors(agent, name, options) : predictImage(agent, name, options.image, options)));
    });
  subcommand(command, 'unload', 'unload a model', 'fescue predict unload classifier')
    .argument('<name>', 'alias')
    .action((name: string, options: CommonOptions) =>
      withAgent(options, async (agent) => {
        await agent.unloadModel(name, callOptions(options));
        print(options, { unloaded: name }, `Unloaded ${name}.\n`);
      }),
    );
  addCaptureCommands(command);
  return command;
}

async function predictImage(agent: AgentClient, name: string, image: string, options: PredictOptions): Promise<void> {
  const classifier = await classifierOf(await agent.describeModel(name, callOptions(options)), options.package);
  const { bytes, ...metadata } = await preprocess(image, classifier.input);
  const outputs = await agent.predict(name, [{ bytes, metadata }], callOptions(options));
  const output = outputs.find((one) => one.name === classifier.output.name);
  if (output === undefined) throw new FescueError('failed-precondition', `Model ${name} has no output "${classifier.output.name}", which its package names. Name the right one with --package.`);
  const scores = classScores(output, { activation: classifier.output.activation, labels: classifier.labels });
  const classes = bestClasses(scores, { threshold: 0, maxResults: options.top });
  const rows = classes.map(({ label, score }) => [label, score.toFixed(4)]);
  print(options, { image, results: classes }, formatTable([{ title: 'label' }, { title: 'score', right: true }], rows));
}

async function predictTensors(agent: AgentClient, name: string, options: PredictOptions): Promise<void> {
  const inputs: PredictInput[] = [];
  for (const { name: tensor, file } of options.tensor) {
    const { bytes, ...metadata } = await readNpy(file);
    inputs.push({ bytes, metadata: { ...metadata, ...(tensor === undefined ? {} : { name: tensor }) } });
  }
  const outputs = await agent.predict(name, inputs, callOptions(options));
  const rows = outputs.map((output) => [output.name, describeTensor(output), shorten(output)]);
  print(options, { outputs: outputs.map((output) => ({ ...specOf(output), values: elementsOf(output).map(Number) })) }, formatTable([{ title: 'output' }, { title: 'tensor' }, { title: 'values' }], rows));
}

function shorten(output: Tensor): string {
  const values = elementsOf(output);
  const shown = values.slice(0, shownElements).map((value) => (typeof value === 'bigint' || Number.isInteger(value) ? String(value) : value.toPrecision(5)));
  return values.length > shownElements ? `${shown.join(' ')} … (${values.length})` : shown.join(' ');
}

function printModels(models: readonly Model[], options: CommonOptions): void {
  const rows = models.map((model) => [model.name, model.url, model.inputs.map(named).join(', '), model.outputs.map(named).join(', ')]);
  const table = formatTable([{ title: 'name' }, { title: 'url' }, { title: 'inputs' }, { title: 'outputs' }], rows);
  print(options, models, models.length === 0 ? 'No model is loaded.\n' : table);
}

function named(spec: TensorSpec): string {
  return `${spec.name} ${describeTensor(spec)}`;
}

function specOf({ name, dtype, shape }: Tensor): TensorSpec {
  return { name, dtype, shape };
}
