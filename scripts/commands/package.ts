import { Command, InvalidArgumentError, Option } from 'commander';
import { aliasPattern } from '../../components/agent/model-registry.ts';
import { FescueError } from '../../components/common/errors.ts';
import type { ImagePreprocessing, ModelManifest } from '../../components/common/model-manifest.ts';
import { describeTensor, type TensorSpec } from '../../components/common/tensor.ts';
import { packageModel, readText, type PackageOrder } from '../packaging/model-package.ts';
import { positiveInteger } from './arguments.ts';
import { readNpy } from './npy.ts';
import { formatPairs } from './table.ts';

type PackageOptions = {
  name: string;
  version: string;
  component?: string;
  publisher: string;
  labels?: string;
  task?: ModelManifest['task'];
  input?: string;
  resize?: ImagePreprocessing['resize'];
  shortSide?: number;
  kernel?: ImagePreprocessing['kernel'];
  padColour?: number[];
  colourOrder?: ImagePreprocessing['colourOrder'];
  layout?: ImagePreprocessing['layout'];
  mean?: number[];
  scale?: number[];
  activation: ModelManifest['outputs'][number]['activation'];
  golden?: { input: string; output: string };
  tolerance: number;
  sign?: string;
  cert?: string;
  out: string;
  json?: true;
};

const imageFlags = ['input', 'resize', 'shortSide', 'kernel', 'padColour', 'colourOrder', 'layout', 'mean', 'scale'] as const;

export function packageCommand(): Command {
  const command = new Command('package')
    .description('Make a model package of an ONNX file, and the Greengrass component that brings it to devices.')
    .argument('<model.onnx>', 'the model; files it keeps weights in come along')
    .addOption(new Option('--name <name>', 'name of the model: letters, digits and inner dashes').argParser(modelName).makeOptionMandatory())
    .requiredOption('--version <version>', 'version of model and component, such as 1.0.0')
    .option('--component <name>', 'name of the component. Default: dev.fescue.model.<Name>')
    .option('--publisher <text>', 'publisher in the recipe', 'Fescue')
    .option('--labels <file>', 'class names, one per line')
    .addOption(new Option('--task <task>', 'what the model does. Default: image-classification with --labels, else tensor').choices(['image-classification', 'tensor']))
    .option('--sign <key.pem>', 'private key to sign the package with')
    .option('--cert <chain.pem>', "the signer's certificate, then those above it; the trusted one may be left out")
    .addOption(new Option('--golden <in.npy=out.npy>', 'run the model on in.npy and refuse it unless it gives out.npy').argParser(goldenPair))
    .addOption(new Option('--tolerance <number>', 'golden elements may differ by tolerance × (1 + |value|)').argParser(notNegative).default(0.001))
    .option('--out <folder>', 'receives packages, recipes, artifacts and, for GDK, a project in gdk/<component>', 'build')
    .option('--json', 'print JSON');
  return addImageOptions(command).addHelpText('after', examples).action(runPackage);
}

function addImageOptions(command: Command): Command {
  return command
    .option('--input <name>', 'the input that takes an image. Default: the first of four axes')
    .addOption(new Option('--resize <how>', 'how an image becomes as large as the input. Default: center-crop').choices(['center-crop', 'stretch', 'letterbox']))
    .addOption(new Option('--short-side <pixels>', 'with center-crop: the shorter side before the crop').argParser(positiveInteger))
    .addOption(new Option('--kernel <kernel>', 'resampling. Default: linear').choices(['nearest', 'linear', 'cubic', 'lanczos3']))
    .addOption(new Option('--pad-colour <r,g,b>', 'of letterbox and transparent pixels. Default: 0,0,0').argParser(threeNumbers))
    .addOption(new Option('--colour-order <order>', 'order of the channels. Default: RGB').choices(['RGB', 'BGR']))
    .addOption(new Option('--layout <layout>', 'axes of the input. Default: by where its 3 channels are').choices(['NCHW', 'NHWC']))
    .addOption(new Option('--mean <m,m,m>', 'an element is (pixel - mean) * scale, with pixel from 0 to 255; one number stands for three. Default: 0').argParser(threeNumbers))
    .addOption(new Option('--scale <s,s,s>', 'see --mean. Default: 1').argParser(threeNumbers))
    .addOption(new Option('--activation <activation>', 'what makes scores of the outputs').choices(['softmax', 'sigmoid', 'none']).default('none'));
}

const examples = `
The package is loaded by a real agent before anything is written. With an Ed25519 or RSA key the same files give the same archive.

Examples:
  fescue package pets.onnx --name pets --version 1.0.0 --labels pets.txt --mean 127 --scale 0.0078125 --activation softmax
  fescue package pump.onnx --name pump --version 2.1.0 --golden in.npy=out.npy --out dist
  fescue package pump.onnx --name pump --version 2.1.0 --sign keys/signer.key.pem --cert keys/signer.pem`;

async function runPackage(model: string, options: PackageOptions, command: Command): Promise<void> {
  const task = options.task ?? (options.labels === undefined ? 'tensor' : 'image-classification');
  if ((options.sign === undefined) !== (options.cert === undefined)) command.error('error: --sign and --cert go together');
  const given = imageFlags.filter((flag) => options[flag] !== undefined);
  if (task === 'tensor' && given.length > 0) command.error(`error: --${given[0]?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for --task image-classification`);
  if (!model.toLowerCase().endsWith('.onnx')) throw new FescueError('invalid-argument', `${model} is no model to package: expected a file ending in .onnx.`);
  const labelCount = options.labels === undefined ? undefined : (await readText(options.labels, 'Labels file')).trimEnd().split('\n').length;
  const order: PackageOrder = {
    model,
    name: options.name,
    version: options.version,
    component: options.component ?? `dev.fescue.model.${pascalCase(options.name)}`,
    publisher: options.publisher,
    out: options.out,
    describe: (tensors) => ({ task, ...describeTensors(tensors, { ...options, task, labelCount }) }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
    ...(options.golden === undefined ? {} : { golden: await readGolden(options.golden, options.tolerance) }),
    ...(options.sign === undefined || options.cert === undefined ? {} : { signWith: { keyPem: await readText(options.sign, 'Key file'), chainPem: await readText(options.cert, 'Certificate file') } }),
  };
  const result = await packageModel(order);
  const text = formatPairs([['component', `${result.component} ${result.version}`], ['package', result.package], ['recipe', result.recipe], ['artifacts', result.artifacts], ['GDK project', result.gdkProject]]);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : text);
}

async function readGolden(files: { input: string; output: string }, tolerance: number): Promise<NonNullable<PackageOrder['golden']>> {
  return { inputFile: files.input, input: await readNpy(files.input), outputFile: files.output, output: await readNpy(files.output), tolerance };
}

type Described = { inputs: readonly TensorSpec[]; outputs: readonly TensorSpec[] };

function describeTensors({ inputs, outputs }: Described, options: PackageOptions & { labelCount: number | undefined }): Pick<ModelManifest, 'inputs' | 'outputs'> {
  const [output] = outputs;
  const classes = output?.shape.at(-1) ?? -1;
  if (options.labelCount !== undefined && output !== undefined && classes !== -1 && classes !== options.labelCount) {
    throw new FescueError('invalid-argument', `Labels file ${options.labels} has ${options.labelCount} lines; output "${output.name}" ${describeTensor(output)} has ${classes} classes. Give one line per class.`);
  }
  const image = options.task === 'tensor' ? undefined : imageInput(inputs, options);
  return {
    inputs: inputs.map((input) => ({ ...specOf(input), ...(input === image?.input ? { image: image.preprocessing } : {}) })),
    outputs: outputs.map((one) => ({ ...specOf(one), activation: options.activation })),
  };
}

function imageInput(inputs: readonly TensorSpec[], options: PackageOptions): { input: TensorSpec; preprocessing: ImagePreprocessing } {
  const input = inputs.find((one) => (options.input === undefined ? one.shape.length === 4 : one.name === options.input));
  const listed = inputs.map((one) => `"${one.name}" ${describeTensor(one)}`).join(', ');
  if (input === undefined) throw new FescueError('invalid-argument', `The model has no input ${options.input === undefined ? 'of four axes that could take an image' : `"${options.input}"`}; its inputs are ${listed}. Name one with --input, or use --task tensor.`);
  const layout = options.layout ?? (input.shape[1] === 3 ? 'NCHW' : 'NHWC');
  const [channels, ...size] = layout === 'NCHW' ? input.shape.slice(1) : [input.shape[3], input.shape[1], input.shape[2]];
  if (input.shape.length !== 4 || channels !== 3 || size.some((axis) => axis === undefined || axis < 1) || ![1, -1].includes(input.shape[0] ?? 0) || input.dtype === 'FLOAT16') {
    throw new FescueError('failed-precondition', `Input "${input.name}" ${describeTensor(input)} cannot take an image in ${layout}: expected one image of three channels and fixed size, of any type but FLOAT16. Export the model so, name another input or --layout, or use --task tensor.`);
  }
  return {
    input,
    preprocessing: {
      resize: options.resize ?? 'center-crop',
      ...(options.shortSide === undefined ? {} : { shortSide: options.shortSide }),
      kernel: options.kernel ?? 'linear',
      padColour: options.padColour ?? [0, 0, 0],
      colourOrder: options.colourOrder ?? 'RGB',
      layout,
      mean: options.mean ?? [0, 0, 0],
      scale: options.scale ?? [1, 1, 1],
    },
  };
}

function specOf({ name, dtype, shape }: TensorSpec): { name: string; dtype: TensorSpec['dtype']; shape: number[] } {
  return { name, dtype, shape: [...shape] };
}

/** `pump-station-2` is `PumpStation2`. */
function pascalCase(name: string): string {
  return name.split(/-+/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

function modelName(text: string): string {
  if (!aliasPattern.test(text)) throw new InvalidArgumentError('Expected letters, digits and inner dashes.');
  return text;
}

function goldenPair(text: string): { input: string; output: string } {
  const [, input, output] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (input === undefined || output === undefined) throw new InvalidArgumentError('Expected in.npy=out.npy.');
  return { input, output };
}

function threeNumbers(text: string): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const three = numbers.length === 1 ? [...numbers, ...numbers, ...numbers] : numbers;
  if (three.length !== 3 || !three.every(Number.isFinite)) throw new InvalidArgumentError('Expected three numbers such as 127,127,127, or one.');
  return three;
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('Expected a number, 0 or above.');
  return value;
}
