import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { type Change, parseReset, parseSetting, readUpdate, updatesOf } from '../deploy/configuration.ts';
import { type Order, planOrder } from '../deploy/order.ts';
import { architectureOf, type Folders, type Runner } from '../deploy/runner.ts';
import type { ConfigurationUpdate } from '../local-nucleus/config-store.ts';
import { readRecipeFolder } from '../local-nucleus/recipe-folder.ts';
import { buildComponents } from '../packaging/build-components.ts';
import { inCheckout } from '../packaging/paths.ts';
import { componentNames } from '../packaging/recipes.ts';
import { collectPair } from './arguments.ts';
import type { TargetFlags } from './target-options.ts';

/** What to deploy. */
export type OrderFlags = {
  readonly recipeDir?: string;
  readonly artifactDir?: string;
  readonly component: Readonly<Record<string, string>>;
  readonly set: readonly Change[];
  readonly reset: readonly Change[];
  readonly config: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  readonly group?: string;
  readonly onFailure?: 'rollback' | 'nothing';
};

/** Adds the options that say what to deploy. */
export function addOrderOptions(command: Command): Command {
  return command
    .option('--recipe-dir <folder>', 'recipes (.yaml, .yml, .json). Default: the components of this checkout')
    .option('--artifact-dir <folder>', 'artifacts as <component>/<version>/<file>')
    .addOption(new Option('--component <name=version>', 'component of --recipe-dir, with its version or a range; may be repeated').argParser(collectPair).default({}, 'none'))
    .addOption(new Option('--set <component:/key=value>', 'configuration at a JSON pointer; the value is JSON, else text; may be repeated').argParser(collecting(parseSetting)).default([], 'none'))
    .addOption(new Option('--reset <component:/key>', 'configuration that goes back to the default of the recipe; may be repeated').argParser(collecting(parseReset)).default([], 'none'))
    .addOption(new Option('--config <component=file.json>', 'configuration of a component: an object of keys, or {"MERGE": {…}, "RESET": ["/key"]}; may be repeated').argParser(collectPair).default({}, 'none'))
    .addOption(new Option('--remove <component>', 'root component to remove; may be repeated').argParser(collecting(componentName)).default([], 'none'))
    .option('--group <name>', 'thing group to deploy as')
    .addOption(new Option('--on-failure <what>', 'when a component fails. Default: rollback, where the target can').choices(['rollback', 'nothing']));
}

/** Refuses flags that do not go together, as bad usage. */
export function checkOrderFlags(flags: OrderFlags, command: Command): void {
  if ((flags.recipeDir === undefined) !== (flags.artifactDir === undefined)) command.error('error: --recipe-dir and --artifact-dir go together');
  if ((flags.recipeDir !== undefined) !== Object.keys(flags.component).length > 0) command.error('error: --recipe-dir and --component name=version go together');
}

/**
 * Builds what is to be deployed, unless it is given, and works out the order.
 *
 * @param say told what is being built, and what the operator should know
 */
export async function makeOrder(flags: OrderFlags & TargetFlags, options: { runner: Runner; say: (text: string) => void }): Promise<Order> {
  const configuration = updatesOf(await readUpdates(flags.config), [...flags.set, ...flags.reset]);
  const { folders, components } = await contentOf(flags, configuration, options);
  const recipes = folders === undefined ? [] : await readRecipeFolder(folders.recipeDir);
  const { order, notes } = planOrder({ folders, components, remove: flags.remove, configuration, group: flags.group, onFailure: flags.onFailure }, recipes);
  for (const note of notes) options.say(note);
  return order;
}

type Content = { folders: Folders | undefined; components: Readonly<Record<string, string>> };

async function contentOf(flags: OrderFlags & TargetFlags, configuration: object, { runner, say }: { runner: Runner; say: (text: string) => void }): Promise<Content> {
  if (flags.recipeDir !== undefined && flags.artifactDir !== undefined) {
    return { folders: { recipeDir: resolve(flags.recipeDir), artifactDir: resolve(flags.artifactDir) }, components: flags.component };
  }
  // To remove something is all that was asked for.
  if (flags.remove.length > 0 && Object.keys(configuration).length === 0) return { folders: undefined, components: {} };
  const { recipeDir, artifactDir, components } = await buildComponents({ folder: buildFolder(flags), versions: 'dev', architectures: [await architectureOf(runner)], onProgress: say });
  return { folders: { recipeDir, artifactDir }, components: { [componentNames.inference]: components[componentNames.inference] ?? '' } };
}

/** One folder per device: its versions count what that device was given. */
function buildFolder({ to, host }: TargetFlags): string {
  return inCheckout('build', `deploy-${to}${host === undefined ? '' : `-${host.replaceAll(/[^\w.-]/g, '_')}`}`);
}

async function readUpdates(files: Readonly<Record<string, string>>): Promise<Record<string, ConfigurationUpdate>> {
  const updates: Record<string, ConfigurationUpdate> = {};
  for (const [name, file] of Object.entries(files)) updates[name] = await readUpdate(file);
  return updates;
}

/** Collects the values of an option that may be repeated. */
function collecting<Value>(parse: (text: string) => Value): (text: string, earlier: readonly Value[]) => Value[] {
  return (text, earlier) => {
    try {
      return [...earlier, parse(text)];
    } catch (error) {
      if (error instanceof FescueError) throw new InvalidArgumentError(messageOf(error));
      throw error;
    }
  };
}

function componentName(text: string): string {
  if (!/^(?!\.+$)[\w.-]+$/.test(text) || text.startsWith('-')) throw new InvalidArgumentError('Expected the name of a component: letters, digits, -, _ and .');
  return text;
}
