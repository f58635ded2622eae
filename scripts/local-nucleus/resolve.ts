import { maxSatisfying, satisfies } from 'semver';
import { FescueError } from '../../components/common/errors.ts';
import type { Dependency } from './recipe.ts';

/** Components that every nucleus brings along, and the versions this one stands in for. */
export const builtInVersions: Readonly<Record<string, string>> = {
  'aws.greengrass.Nucleus': '2.14.0',
  'aws.greengrass.Cli': '2.14.0',
  'aws.greengrass.TokenExchangeService': '2.0.3',
  'aws.greengrass.ShadowManager': '2.3.9',
};

/** What resolution needs of a recipe. */
export type Candidate = { readonly path: string; readonly name: string; readonly version: string; readonly dependencies: Readonly<Record<string, Dependency>> };

/** A range of versions that someone wants of a component. */
export type Requirement = { readonly requirer: string; readonly name: string; readonly range: string };
type Round<R> = { readonly chosen: ReadonlyMap<string, R>; readonly requirements: readonly Requirement[]; readonly problems: readonly string[] };

// Every round settles at least one more level of the graph unless versions undo each other's requirements.
const maxRounds = 100;

export type Resolution<R> = {
  /** Component name to version or npm range, as the operator asked. */
  readonly roots: Readonly<Record<string, string>>;
  /** What other groups of root components want. */
  readonly others?: readonly Requirement[];
  /** What there is to choose from. */
  readonly recipes: readonly R[];
  /** The version that runs now. */
  readonly activeVersion?: (name: string) => string | undefined;
};

type Choice<R> = { readonly wishes: readonly Requirement[]; readonly available: ReadonlyMap<string, readonly R[]>; readonly activeVersion: (name: string) => string | undefined };

/**
 * Chooses one version of every component a deployment needs: the one that runs if it suits all who ask for it, else the
 * highest that does.
 *
 * @returns the recipes, dependencies before their dependents; built-in components are left out
 * @throws FescueError `failed-precondition` on a missing component, versions that do not meet, or a cycle
 */
export function resolve<R extends Candidate>(request: Resolution<R>): R[] {
  const choice: Choice<R> = {
    wishes: [...Object.entries(request.roots).map(([name, range]) => ({ requirer: 'the deployment', name, range })), ...(request.others ?? [])],
    available: Map.groupBy(request.recipes, (recipe) => recipe.name),
    activeVersion: request.activeVersion ?? (() => undefined),
  };
  let round = chooseVersions(choice, []);
  for (let count = 1; count < maxRounds; count += 1) {
    const next = chooseVersions(choice, round.requirements);
    if (JSON.stringify(next.requirements) === JSON.stringify(round.requirements)) {
      if (next.problems.length > 0) throw new FescueError('failed-precondition', next.problems.join('\n'));
      return inOrder(next.chosen);
    }
    round = next;
  }
  throw new FescueError('failed-precondition', `No stable set of versions was found for ${choice.wishes.map(({ name }) => name).join(', ')}: choosing one version changes what is asked of another, without end. Pin the versions of the components involved.`);
}

/** One walk from the roots, choosing by the requirements known from the round before and those met on the way. */
function chooseVersions<R extends Candidate>({ wishes, available, activeVersion }: Choice<R>, known: readonly Requirement[]): Round<R> {
  const requirements: Requirement[] = [...wishes];
  const chosen = new Map<string, R>();
  const problems = new Map<string, string>();
  // The list grows while it is walked: a chosen recipe adds what it requires.
  for (const { name } of requirements) {
    if (chosen.has(name) || problems.has(name)) continue;
    const wanted = [...known.length > 0 ? known : requirements].filter((one) => one.name === name);
    const builtIn = builtInVersions[name];
    const candidates = builtIn === undefined ? (available.get(name) ?? []).map((recipe) => recipe.version) : [builtIn];
    const active = activeVersion(name);
    const version = highestFor(wanted, candidates.filter((one) => one === active)) ?? highestFor(wanted, candidates);
    if (version === undefined) problems.set(name, describeConflict(name, wanted, candidates));
    const recipe = builtIn === undefined ? available.get(name)?.find((one) => one.version === version) : undefined;
    if (recipe === undefined) continue;
    chosen.set(name, recipe);
    for (const [dependency, { range }] of Object.entries(recipe.dependencies)) requirements.push({ requirer: `${name} ${recipe.version} (ComponentDependencies of ${recipe.path})`, name: dependency, range });
  }
  return { chosen, requirements, problems: [...problems.values()] };
}

function highestFor(wanted: readonly Requirement[], candidates: readonly string[]): string | undefined {
  return maxSatisfying(candidates.filter((version) => wanted.every(({ range }) => satisfies(version, range))), '*', { includePrerelease: true }) ?? undefined;
}

function describeConflict(name: string, wanted: readonly Requirement[], candidates: readonly string[]): string {
  const wishes = wanted.map(({ requirer, range }) => `${requirer} wants ${range}`).join(', ');
  if (candidates.length === 0) return `Component ${name} is missing: ${wishes}, but no recipe describes it. Add its recipe to the recipe folder.`;
  return `No version of component ${name} suits everyone: ${wishes}; there is ${candidates.join(', ')}. Add a recipe of a version that fits, or loosen a VersionRequirement.`;
}

function inOrder<R extends Candidate>(chosen: ReadonlyMap<string, R>): R[] {
  const ordered = new Set<R>();
  const visit = (recipe: R, path: readonly R[]): void => {
    if (ordered.has(recipe)) return;
    const entered = path.indexOf(recipe);
    if (entered >= 0) throw cycleError(path.slice(entered));
    // SOFT ones too: they order nothing at start, but a nucleus refuses every circle.
    for (const name of Object.keys(recipe.dependencies)) {
      const dependency = chosen.get(name);
      if (dependency !== undefined) visit(dependency, [...path, recipe]);
    }
    ordered.add(recipe);
  };
  for (const recipe of chosen.values()) visit(recipe, []);
  return [...ordered];
}

function cycleError(circle: readonly Candidate[]): FescueError {
  const names = [...circle, ...circle.slice(0, 1)].map(({ name }) => name).join(' → ');
  const files = circle.map(({ path }) => path).join(', ');
  return new FescueError('failed-precondition', `Components depend on each other in a circle: ${names}. A nucleus refuses that, SOFT dependencies included; remove one of these ComponentDependencies. The recipes are ${files}.`);
}
