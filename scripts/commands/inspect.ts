import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { readTrustedCertificates } from '../../components/agent/certificate-chain.ts';
import { AgentClient } from '../../components/common/agent-client.ts';
import { exitCodes } from '../../components/common/command-line.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { describeTensor } from '../../components/common/tensor.ts';
import { inspectModel, type Inspection, type MemoryEstimate } from '../packaging/inspect-model.ts';
import { bytesOf, type OnnxTensor } from '../packaging/onnx-file.ts';
import { readableBytes } from './readable-bytes.ts';
import { formatPairs, formatTable } from './table.ts';

type InspectOptions = { trustedCertificates?: string; json?: true };

const answerTimeoutMs = 10_000;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description("Show what is in a model package, an .onnx file or a running agent, and what would keep the agent from loading it.")
    .argument('<subject>', "package folder, .onnx file, or an agent's socket")
    .option('--trusted-certificates <path>', 'PEM file or folder: the signer must lead to one of these certificates')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ends with exit code 1 when the agent would refuse the model. Sizes of memory are estimates from the file.

Examples:
  fescue inspect components/models/efficientnet-lite0/package
  fescue inspect build/packages/dev.fescue.model.Pump/2.1.0 --trusted-certificates keys/ca.pem
  fescue inspect model.onnx --json
  fescue inspect /tmp/agent.sock`,
    )
    .action(runInspect);
}

async function runInspect(subject: string, options: InspectOptions): Promise<void> {
  const entry = await stat(subject).catch((error: unknown) => {
    throw new FescueError('not-found', `${subject} cannot be inspected: ${messageOf(error)}. Expected a package folder, an .onnx file or an agent's socket.`, { cause: error });
  });
  if (entry.isSocket()) return inspectAgent(subject, options);
  if (!entry.isDirectory() && !subject.toLowerCase().endsWith('.onnx')) {
    throw new FescueError('invalid-argument', `${subject} is nothing to inspect: expected a package folder, a file ending in .onnx, or an agent's socket.`);
  }
  const path = options.trustedCertificates;
  const trusted = path === undefined ? [] : readTrustedCertificates(path).map(String);
  const inspection = await inspectModel(subject, { trusted, agentFlags: path === undefined ? [] : ['--trusted-certificates-path', path, '--model-signature', 'if-present'] });
  process.stdout.write(options.json ? `${JSON.stringify(inspection)}\n` : textOf(inspection, path !== undefined));
  if (inspection.problems.length > 0) process.exitCode = exitCodes.failed;
}

async function inspectAgent(socket: string, options: InspectOptions): Promise<void> {
  const agent = new AgentClient({ socketPath: socket });
  try {
    const models = await agent.listModels({ timeoutMs: answerTimeoutMs });
    const rows = models.flatMap((model) =>
      (['inputs', 'outputs'] as const).flatMap((direction) => model[direction].map((spec) => [model.name, model.url, direction.slice(0, -1), spec.name, describeTensor(spec), sizeOf({ ...spec, type: spec.dtype })])),
    );
    const columns = [{ title: 'model' }, { title: 'url' }, { title: '' }, { title: 'name' }, { title: 'tensor' }, { title: 'size', right: true }];
    process.stdout.write(options.json ? `${JSON.stringify({ socket, models })}\n` : models.length === 0 ? 'No model is loaded.\n' : formatTable(columns, rows));
  } finally {
    agent.close();
  }
}

function textOf({ path, package: about, files, signer, model, problems }: Inspection, trustGiven: boolean): string {
  const general: (readonly [string, string])[] = [['subject', path]];
  if (about !== undefined) general.push(['model', `${about.name} ${about.version}, ${about.task}`]);
  if (signer !== undefined) {
    const trust = signer.trusted ? 'trusted' : trustGiven ? 'not trusted' : 'trust not checked: --trusted-certificates names whom to trust';
    general.push(['signed by', `${signer.name} (${trust})\n${signer.algorithm}, SHA-256 ${signer.fingerprint}\nvalid from ${signer.validFrom} to ${signer.validTo}`]);
  } else if (about !== undefined) {
    general.push(['signed by', problems.length > 0 ? 'no valid signature' : 'nobody']);
  }
  if (model !== undefined) {
    general.push(['opset', model.opsets.map(({ domain, version }) => `${domain} ${version}`).join(', ') || 'none'], ['producer', model.producer || 'unknown'], ['operators', model.operators.join(', ')], ['memory', memoryOf(model.memoryEstimate)]);
  }
  const parts = [formatPairs(general), fileTable(files), ...(model === undefined ? [] : [tensorTable(model.inputs, model.outputs)])];
  parts.push(problems.length === 0 ? 'The agent loads it.\n' : `Problems:\n${problems.map((problem) => `- ${problem}\n`).join('')}`);
  return parts.join('\n');
}

function fileTable(files: Inspection['files']): string {
  return formatTable([{ title: 'file' }, { title: 'bytes', right: true }, { title: 'SHA-256' }, { title: 'state' }], files.map(({ name, bytes, sha256, state }) => [name, String(bytes), sha256, state]));
}

function tensorTable(inputs: readonly OnnxTensor[], outputs: readonly OnnxTensor[]): string {
  const rows = [...inputs.map((tensor) => ['input', tensor] as const), ...outputs.map((tensor) => ['output', tensor] as const)];
  return formatTable(
    [{ title: '' }, { title: 'name' }, { title: 'type' }, { title: 'shape' }, { title: 'size', right: true }],
    rows.map(([direction, tensor]) => [direction, tensor.name, tensor.type, `[${tensor.shape.join(', ')}]`, sizeOf(tensor)]),
  );
}

function memoryOf({ weights, activations, unknownResults }: MemoryEstimate): string {
  const unknown = unknownResults === 0 ? '' : `; ${unknownResults} intermediate results are not counted, because the file does not tell their shapes`;
  return `about ${readableBytes(weights + activations)}: weights ${readableBytes(weights)}, activations ${readableBytes(activations)} (an estimate, without the runtime itself${unknown})`;
}

/** A dynamic axis may be anything, so the size is per element of it. */
function sizeOf(tensor: OnnxTensor): string {
  const dynamic = tensor.shape.some((axis) => typeof axis !== 'number' || axis < 0);
  const size = readableBytes(bytesOf({ ...tensor, shape: tensor.shape.map((axis) => (typeof axis === 'number' && axis < 0 ? '?' : axis)) }));
  return dynamic ? `${size} or more` : size;
}
