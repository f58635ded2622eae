import { entriesOf, everyNode, field, type Entry, type RecipeNode } from '../recipe-node.ts';
import { knownEntries, knownMaps, lifecycleEntries } from '../known-maps.ts';
import type { Recipe } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';
import { nearest, sameWord } from '../spelling.ts';

/** Keys: given twice, unknown, in the wrong case, missing, or with the wrong kind of value. */
export const keyRules: readonly Rule[] = [
  {
    id: 'duplicate-key',
    severity: 'error',
    nucleus: 'both',
    what: 'A key stands twice in one map.',
    consequence: 'The classic nucleus takes the last value, nucleus lite the first.',
    instead: 'Keep one of them.',
    bad: 'ComponentDescription: Reads the pump.\nComponentDescription: Reads both pumps.',
    good: 'ComponentDescription: Reads both pumps.',
    check: (recipe) => repeated(recipe, (earlier, key) => earlier === key, (key) => `"${key}" stands here a second time`),
  },
  {
    id: 'duplicate-key-case',
    severity: 'error',
    nucleus: 'classic',
    what: 'Two keys of one map differ only in case.',
    consequence: 'To the classic nucleus they are one key, of a recipe and of a configuration alike: one value is lost.',
    instead: 'Rename or remove one of them.',
    bad: 'ComponentConfiguration:\n  DefaultConfiguration:\n    interval: 5\n    Interval: 10',
    good: 'ComponentConfiguration:\n  DefaultConfiguration:\n    interval: 5\n    longInterval: 10',
    check: (recipe) => repeated(recipe, (earlier, key) => earlier !== key && sameWord(earlier, key), (key, earlier) => `"${key}" and "${earlier}" are the same key there`),
  },
  {
    id: 'unknown-key',
    severity: 'error',
    nucleus: 'both',
    what: 'A key that no reader knows.',
    consequence: 'It has no effect. GDK refuses unknown keys at the top, and a classic nucleus that has loaded no recipe since its start refuses them everywhere.',
    instead: 'Correct the name, or remove it.',
    bad: 'ComponentVendor: Example',
    good: 'ComponentPublisher: Example',
    *check(recipe) {
      for (const { node, what, keys } of knownMaps(recipe)) {
        for (const entry of entriesOf(node)) {
          if (!keys.some((key) => sameWord(key, entry.key))) yield { at: entry, detail: `"${entry.key}" is no key of ${what}`, instead: suggestion(entry.key, keys) };
        }
      }
    },
  },
  {
    id: 'unknown-step',
    severity: 'error',
    nucleus: 'both',
    what: 'A lifecycle has a step that does not exist.',
    consequence: 'It never runs.',
    instead: 'Use bootstrap, install, startup, run, shutdown, recover, uninstall or Setenv; a selection has to be named by a manifest.',
    bad: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n      run: sh run.sh\n      setup: sh setup.sh\n    Artifacts: []',
    good: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n      run: sh run.sh\n      install: sh setup.sh\n    Artifacts: []',
    *check(recipe) {
      for (const { entry, keys } of lifecycleEntries(recipe)) {
        if (!keys.some((key) => sameWord(key, entry.key))) yield { at: entry, detail: `"${entry.key}" is no step`, instead: suggestion(entry.key, keys) };
      }
    },
  },
  {
    id: 'key-case',
    severity: 'error',
    nucleus: 'lite',
    what: 'A key in another case than nucleus lite reads: steps are in lower case, everything else as in AWS\'s reference, and it is `Uri`.',
    consequence: 'Nucleus lite does not see it, as if it were missing. The classic nucleus takes any case.',
    instead: 'Spell it so.',
    bad: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n      Run: sh run.sh\n    Artifacts: []',
    good: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n      run: sh run.sh\n    Artifacts: []',
    *check(recipe) {
      for (const { entry, keys } of knownEntries(recipe)) {
        const spelled = keys.find((key) => sameWord(key, entry.key));
        if (spelled !== undefined && spelled !== entry.key) yield { at: entry, detail: `"${entry.key}" is spelled "${spelled}"`, instead: `Write ${spelled}.` };
      }
    },
  },
  {
    id: 'missing-key',
    severity: 'error',
    nucleus: 'both',
    what: 'A key that has to be there is missing or empty.',
    consequence: 'The recipe is refused.',
    instead: 'Add it.',
    bad: 'ComponentDependencies:\n  com.example.Runtime:\n    DependencyType: HARD',
    good: 'ComponentDependencies:\n  com.example.Runtime:\n    VersionRequirement: ">=1.0.0 <2.0.0"\n    DependencyType: HARD',
    *check(recipe) {
      yield* missing(recipe.root, ['RecipeFormatVersion', 'ComponentName', 'ComponentVersion', 'Manifests']);
      for (const { value } of recipe.dependencies) yield* missing(value, ['VersionRequirement']);
      for (const { artifacts } of recipe.manifests) for (const { node } of artifacts) yield* missing(node, ['Uri']);
    },
  },
  {
    id: 'wrong-type',
    severity: 'error',
    nucleus: 'both',
    what: 'A list stands where a map is expected, a text where a list is, and so on.',
    consequence: 'The recipe is refused, or the part is not read.',
    instead: 'Write it in the form that is expected.',
    bad: 'ComponentDependencies:\n  - com.example.Runtime',
    good: 'ComponentDependencies:\n  com.example.Runtime:\n    VersionRequirement: ">=1.0.0 <2.0.0"\n    DependencyType: HARD',
    *check(recipe) {
      for (const { entry, expected } of typed(recipe)) {
        if (entry !== undefined && !expected.includes(entry.value.kind) && entry.value.kind !== 'alias' && !isNothing(entry.value)) yield { at: entry, detail: `expected a ${expected.map((kind) => kindNames[kind]).join(' or a ')}, got a ${kindNames[entry.value.kind]}` };
      }
    },
  },
  {
    id: 'empty-value-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A key with nothing behind it where a map or a list is expected.',
    consequence: 'The classic nucleus takes it for absent. To nucleus lite it is text, which it refuses there.',
    instead: 'Remove the key, or write {} or [].',
    bad: 'ComponentDependencies:',
    good: 'ComponentDependencies: {}',
    *check(recipe) {
      for (const { entry, expected } of typed(recipe)) if (entry !== undefined && !expected.includes('scalar') && isNothing(entry.value)) yield { at: entry, detail: 'is empty' };
    },
  },
];

const kindNames = { map: 'map', list: 'list', scalar: 'single value', alias: 'alias' } as const;
type Kind = RecipeNode['kind'];

function typed(recipe: Recipe): { entry: Entry | undefined; expected: Kind[] }[] {
  const of = (node: RecipeNode, expected: Kind[], ...names: string[]): { entry: Entry | undefined; expected: Kind[] }[] => names.map((name) => ({ entry: field(node, name), expected }));
  const configuration = field(recipe.root, 'ComponentConfiguration');
  return [
    ...of(recipe.root, ['scalar'], 'RecipeFormatVersion', 'ComponentName', 'ComponentVersion', 'ComponentDescription', 'ComponentPublisher', 'ComponentType', 'ComponentSource'),
    ...of(recipe.root, ['map'], 'ComponentConfiguration', 'ComponentDependencies', 'Lifecycle'),
    ...of(recipe.root, ['list'], 'Manifests'),
    ...(configuration === undefined ? [] : of(configuration.value, ['map'], 'DefaultConfiguration')),
    ...recipe.dependencies.flatMap((entry) => [{ entry, expected: ['map' as const] }, ...of(entry.value, ['scalar'], 'VersionRequirement', 'DependencyType')]),
    ...recipe.manifests.flatMap(({ node, platform, artifacts }) => [
      ...of(node, ['map'], 'Platform', 'Lifecycle'),
      ...of(node, ['list'], 'Artifacts', 'Selections'),
      ...entriesOf(platform?.value).map((entry) => ({ entry, expected: ['scalar' as const] })),
      ...artifacts.flatMap((artifact) => [...of(artifact.node, ['scalar'], 'Uri', 'Unarchive', 'Digest', 'Algorithm'), ...of(artifact.node, ['map'], 'Permission')]),
    ]),
    ...recipe.lifecycles.flatMap(({ steps }) => steps.flatMap(({ entry, body }) => (sameWord(entry.key, 'errorResetTime') ? [] : [{ entry: { ...entry, value: body }, expected: ['map', 'scalar'] as Kind[] }, ...of(body, ['scalar'], 'Script', 'RequiresPrivilege', 'Skipif', 'Timeout'), ...of(body, ['map'], 'Setenv')]))),
  ];
}

function isNothing(node: RecipeNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function* missing(node: RecipeNode, names: readonly string[]): Iterable<Violation> {
  if (node.kind !== 'map') return;
  for (const name of names) {
    const value = field(node, name)?.value;
    if (value === undefined || isNothing(value) || (value.kind === 'scalar' && value.value === '')) yield { at: node, detail: `${name} is missing`, instead: `Add ${name}.` };
  }
}

function* repeated(recipe: Recipe, same: (earlier: string, key: string) => boolean, detail: (key: string, earlier: string) => string): Iterable<Violation> {
  for (const node of everyNode(recipe.root)) {
    const seen = new Map<string, string[]>();
    for (const entry of entriesOf(node)) {
      const folded = entry.key.toLowerCase();
      const spellings = seen.get(folded) ?? [];
      const earlier = spellings.find((one) => same(one, entry.key));
      if (earlier !== undefined) yield { at: entry, detail: detail(entry.key, earlier) };
      seen.set(folded, [...spellings, entry.key]);
    }
  }
}

function suggestion(given: string, words: readonly string[]): string | undefined {
  const word = nearest(given, words);
  return word === undefined ? undefined : `Did you mean ${word}?`;
}
