import { readFile, stat, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import { originalComponent } from '../../components/common/original-settings.ts';
import { compiledFiles, compiledMentions, compiledModelAdvice, listModelFiles } from '../migration/compiled-model.ts';
import { migrateConfiguration, type ReportLine } from '../migration/configuration.ts';
import { migrateDependentRecipe } from '../migration/dependent-recipe.ts';
import { recognise, type OldDocument } from '../migration/document.ts';
import { componentNames, components } from '../packaging/recipes.ts';
import { formatTable } from './table.ts';

type Options = { to?: 'recipe' | 'json'; out?: string };
type Migration = { readonly text: string; readonly report: readonly ReportLine[]; readonly advice: readonly string[] };

const maxBytes = 4 * 1024 * 1024;

/** Rewrites what users of the original agent have for ours. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('Rewrite a configuration, recipe or deployment of the original Edge Manager agent for this one.')
    .argument('<file>', 'JSON configuration of the original agent, or a recipe or deployment (YAML or JSON) that uses its component; or a model')
    .addOption(new Option('--to <form>', 'json: settings for agent -c; recipe: what a deployment takes. Default: json for a JSON configuration, else recipe').choices(['recipe', 'json']))
    .option('--out <file>', 'write the result there instead of to standard output; the file must not exist')
    .addHelpText('after', examples)
    .action(async (path: string, options: Options) => {
      const { text, report, advice } = await migrate(path, options);
      if (options.out === undefined) process.stdout.write(text);
      else await writeNew(options.out, text);
      tell(formatTable([{ title: 'key' }, { title: 'outcome' }, { title: 'becomes' }, { title: 'why' }], report.map((line) => [line.key, line.outcome, line.becomes, line.why])));
      for (const line of advice) tell(`\n${line}\n`);
    });
}

const examples = `
The result goes to standard output; what became of each key, and what to do next, to standard error. Values are checked:
one that the original would have refused ends the command with exit code 1, along with all others.
A deployment gives {"${componentNames.agent}": {"MERGE": {…}}}, which greengrass-cli takes as --update-config. The recipe of
a component of yours comes back as a recipe, with its dependency and placeholders changed.
A folder or .tar.gz with a model compiled by SageMaker Neo is recognised; it has to be exported to ONNX.

Examples:
  fescue migrate sagemaker_edge_config.json > agent.json          then: fescue agent -c agent.json
  fescue migrate sagemaker_edge_config.json --to recipe           the same settings for a Greengrass deployment
  fescue migrate deployment.json --out update.json                a deployment with ${originalComponent}
  fescue migrate com.example.Camera-1.0.0.yaml --out new.yaml     a recipe that depends on ${originalComponent}
  fescue migrate model-compiled.tar.gz                            what to do with a compiled model`;

async function migrate(path: string, options: Options): Promise<Migration> {
  const text = await readOld(path);
  const old = recognise(text, path);
  const mentions = compiledMentions(text);
  const advice = mentions.length === 0 ? [] : [compiledModelAdvice(path, mentions)];
  const { report, ...migration } = old.kind === 'dependent-recipe' ? migrateRecipe(old, { text, path, to: options.to }) : migrateSettings(old, { path, to: options.to, out: options.out });
  return { text: migration.text, report, advice: [...migration.advice, ...advice] };
}

function migrateSettings(old: Exclude<OldDocument, { kind: 'dependent-recipe' }>, request: { path: string; to: Options['to']; out: string | undefined }): Migration {
  const { settings, report } = migrateConfiguration(old.settings, request.path);
  const resets = old.kind === 'component' ? old.resets : [];
  const lines = [...report, ...resets.map((pointer) => ({ key: `RESET ${pointer === '' ? '""' : pointer}`, outcome: 'dropped', becomes: '', why: `${componentNames.agent} starts from its defaults` }) as const)];
  const to = request.to ?? (old.kind === 'configuration' ? 'json' : 'recipe');
  const others = old.kind === 'component' && old.otherComponents.length > 0 ? [`Not changed, and not part of the result: ${old.otherComponents.join(', ')}.`] : [];
  const file = request.out ?? 'the result';
  if (to === 'json') return { text: json(settings), report: lines, advice: [...others, `Next: fescue agent -c ${request.out ?? 'agent.json'}`] };
  const version = components().find(({ name }) => name === componentNames.agent)?.version ?? '';
  const next = `Next: greengrass-cli deployment create --remove ${originalComponent} --merge ${componentNames.agent}=${version} --update-config with ${file}. The two cannot run side by side: they serve the same socket.`;
  return { text: json({ [componentNames.agent]: { MERGE: settings } }), report: lines, advice: [...others, next] };
}

function migrateRecipe(old: Extract<OldDocument, { kind: 'dependent-recipe' }>, request: { text: string; path: string; to: Options['to'] }): Migration {
  if (request.to === 'json') {
    throw new FescueError('invalid-argument', `${request.path} is the recipe of a component that uses the agent, which has no agent settings to write as JSON. Use --to recipe.`);
  }
  const report = migrateDependentRecipe(old.document);
  const text = request.text.trimStart().startsWith('{') ? json(old.document.toJS()) : old.document.toString({ lineWidth: 0 });
  return { text, report, advice: ['Next: raise ComponentVersion, so that devices take the changed recipe.'] };
}

/** The file's text; a model is answered with what to do instead. */
async function readOld(path: string): Promise<string> {
  try {
    const entry = await stat(path);
    const archive = /\.(tar\.gz|tgz|tar)$/i.test(path);
    if (entry.isDirectory() || archive) throw await modelProblem(path, entry.isDirectory() ? 'folder' : 'archive');
    if (/\.onnx$/i.test(path)) throw new FescueError('failed-precondition', `${path} is an ONNX model, which the agent loads as it is. To make a package of it: fescue package.`);
    if (!entry.isFile() || entry.size > maxBytes) throw new FescueError('invalid-argument', `${path} is no configuration: expected a file of at most ${maxBytes} bytes, got ${entry.isFile() ? `${entry.size} bytes` : 'something else'}.`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof FescueError) throw error;
    const problem = hasCode(error, 'ENOENT', 'ENOTDIR') ? 'there is nothing at that path' : messageOf(error);
    throw new FescueError('not-found', `${path} cannot be read: ${problem}.`, { cause: error });
  }
}

async function modelProblem(path: string, kind: 'folder' | 'archive'): Promise<FescueError> {
  const names = await listModelFiles(path, kind);
  const compiled = compiledFiles(names);
  if (compiled.length > 0) return new FescueError('failed-precondition', compiledModelAdvice(path, compiled));
  if (names.some((name) => /\.onnx$/i.test(name))) return new FescueError('failed-precondition', `${path} holds an ONNX model, which needs no migration. To make a package of it: fescue package.`);
  return new FescueError('invalid-argument', `${path} is ${kind === 'archive' ? 'an archive' : 'a folder'} without a compiled model. Expected a configuration, recipe or deployment file, or a model compiled by SageMaker Neo.`);
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const problem = hasCode(error, 'EEXIST') ? 'it exists already; remove it or name another file' : messageOf(error);
    throw new FescueError('failed-precondition', `${path} cannot be written: ${problem}.`, { cause: error });
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function tell(text: string): void {
  process.stderr.write(text);
}
