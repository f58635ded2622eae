import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { digestOf, readManifest, verifyFile, verifySigner } from '../../components/agent/model-package.ts';
import { agentSettings } from '../../components/agent/settings.ts';
import type { Signer } from '../../components/agent/signature.ts';
import { messageOf } from '../../components/common/errors.ts';
import { manifestFileName, parseManifest, type ModelManifest } from '../../components/common/model-manifest.ts';
import { dataTypes } from '../../components/common/tensor.ts';
import { bytesOf, readOnnxFile, type OnnxFile, type OnnxTensor } from './onnx-file.ts';
import { withPrivateAgent } from './private-agent.ts';

export type InspectedFile = { readonly name: string; readonly bytes: number; readonly sha256: string; readonly state: 'as in the manifest' | 'not listed' | 'not as in the manifest' | 'missing' | 'not in a package' };

export type Inspection = {
  readonly path: string;
  /** Of a package: name, version and task. */
  readonly package?: { readonly name: string; readonly version: string; readonly task: string };
  readonly files: readonly InspectedFile[];
  /** Absent: unsigned, or the signature is bad (see problems). */
  readonly signer?: Signer;
  readonly model?: Omit<OnnxFile, 'nodes' | 'intermediates'> & { readonly operators: readonly string[]; readonly memoryEstimate: MemoryEstimate };
  /** Why the agent would refuse it, or its callers could not use it; empty when all is well. */
  readonly problems: readonly string[];
};

/** In bytes; dynamic axes counted as 1. An estimate from the file: the runtime adds its own and may reorder. */
export type MemoryEstimate = {
  readonly weights: number;
  /** The most that is alive at once when operators run in the order of the file. */
  readonly activations: number;
  /** Results whose size the file does not tell; they are not in the estimate. */
  readonly unknownResults: number;
};

type Options = {
  /** PEM; a signer must lead to one of them when there are any. */
  readonly trusted: readonly string[];
  /** Flags of the agent that is asked whether it loads the model. */
  readonly agentFlags: readonly string[];
};

/** Describes a package or a bare `.onnx` file, with everything that stands against loading it. */
export async function inspectModel(path: string, options: Options): Promise<Inspection> {
  const problems: string[] = [];
  const noted = async <Value>(look: () => Promise<Value> | Value): Promise<Value | undefined> => {
    try {
      return await look();
    } catch (error) {
      const problem = messageOf(error);
      if (!problems.includes(problem)) problems.push(problem);
      return undefined;
    }
  };
  const isPackage = (await stat(path)).isDirectory();
  const root = await realpath(path);
  const bytes = isPackage ? await noted(() => readManifest(root)) : undefined;
  const manifest = bytes && (await noted(() => parseManifest(bytes.toString('utf8'), join(root, manifestFileName))));
  const signer = bytes && (await noted(() => verifySigner(root, bytes, { mode: 'if-present', trusted: options.trusted })));
  const files = isPackage ? await inspectFiles(root, manifest, noted) : [await fileOf(root, relative(resolve(root, '..'), root), 'not in a package')];
  const modelPath = isPackage ? manifest && join(root, manifest.entry) : root;
  const onnx = modelPath === undefined ? undefined : await noted(() => readOnnxFile(modelPath));
  problems.push(...(onnx === undefined ? [] : contractProblems(onnx)));
  // What is wrong with the files is said by now; the agent has the last word on everything else.
  if (problems.length === 0) await noted(() => withPrivateAgent(path, options.agentFlags, () => Promise.resolve()));
  return {
    path,
    ...(manifest === undefined ? {} : { package: { name: manifest.metadata.model_name, version: manifest.metadata.model_version, task: manifest.task } }),
    files,
    ...(signer === undefined ? {} : { signer }),
    ...(onnx === undefined ? {} : { model: summaryOf(onnx) }),
    problems,
  };
}

async function inspectFiles(root: string, manifest: ModelManifest | undefined, noted: <Value>(look: () => Promise<Value>) => Promise<Value | undefined>): Promise<InspectedFile[]> {
  const files: InspectedFile[] = [];
  for (const [name, expected] of Object.entries(manifest?.files ?? {})) {
    const sound = await noted(async () => {
      await verifyFile(root, name, expected);
      return true;
    });
    const found = await fileOf(join(root, name), name, sound === true ? 'as in the manifest' : 'not as in the manifest').catch(() => undefined);
    files.push(found ?? { name, bytes: expected.bytes, sha256: expected.sha256, state: 'missing' });
  }
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
  for (const name of names.toSorted()) {
    const known = files.some((file) => file.name === name) || name.startsWith(manifestFileName) || ['.installed', '.contents'].includes(name);
    if (!known) files.push(await fileOf(join(root, name), name, 'not listed'));
  }
  return files;
}

async function fileOf(path: string, name: string, state: InspectedFile['state']): Promise<InspectedFile> {
  return { name, bytes: (await stat(path)).size, sha256: await digestOf(path), state };
}

/** What the agent's API cannot carry. */
function contractProblems({ inputs, outputs }: OnnxFile): string[] {
  const limit = agentSettings.MaxMessageMegabytes.default * 1024 * 1024;
  const strange = [...inputs, ...outputs].filter(({ type }) => !(dataTypes as readonly string[]).includes(type));
  const large = inputs.filter((input) => bytesOf(input) > limit);
  return [
    ...strange.map(({ name, type }) => `Tensor "${name}" is ${type}; the agent's API carries ${dataTypes.join(', ')}. Export the model with one of these.`),
    ...large.map((input) => `Input "${input.name}" takes ${bytesOf(input)} bytes; a message has at most ${limit} unless MaxMessageMegabytes of the agent is raised.`),
  ];
}

function summaryOf({ nodes, intermediates, ...rest }: OnnxFile): NonNullable<Inspection['model']> {
  return { ...rest, operators: [...new Set(nodes.map(({ operator }) => operator))].toSorted(), memoryEstimate: estimate({ nodes, intermediates, ...rest }) };
}

function estimate({ nodes, inputs, outputs, intermediates, weightBytes }: OnnxFile): MemoryEstimate {
  const sizes = new Map([...intermediates, ...inputs, ...outputs].map((tensor: OnnxTensor) => [tensor.name, bytesOf(tensor)]));
  const lastUse = new Map(nodes.flatMap((node, index) => node.inputs.map((name) => [name, index] as const)));
  const kept = new Set(outputs.map(({ name }) => name));
  let alive = inputs.reduce((sum, input) => sum + bytesOf(input), 0);
  let most = alive;
  for (const [index, node] of nodes.entries()) {
    alive += node.outputs.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    most = Math.max(most, alive);
    const done = [...new Set([...node.inputs, ...node.outputs])].filter((name) => (lastUse.get(name) ?? index) === index && !kept.has(name));
    alive -= done.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  }
  const unknownResults = nodes.flatMap((node) => node.outputs).filter((name) => name !== '' && !sizes.has(name)).length;
  return { weights: weightBytes, activations: most, unknownResults };
}
