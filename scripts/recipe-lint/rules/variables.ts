import { everyNode, field, textOf, type RecipeNode } from '../recipe-node.ts';
import type { InterpolatedText, Recipe } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';
import { bracesIn, followPointer, isKnownVariable, quotingAt, variableNames, type BraceUse } from '../variables.ts';

/** A recipe with a configuration of `interval` and this script; in single quotes, which YAML leaves alone. */
const script = (text: string, more = ''): string => `ComponentConfiguration:\n  DefaultConfiguration:\n    interval: 5\n${more}Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n      run: '${text}'\n    Artifacts: []`;
const dependency = 'ComponentDependencies:\n  com.example.Runtime:\n    VersionRequirement: ">=1.0.0 <2.0.0"\n    DependencyType: HARD\n';
const artifact = (uri: string): string => `Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: sh run.sh}\n    Artifacts:\n      - Uri: ${uri}`;

/** Recipe variables, and the braces that are none. */
export const variableRules: readonly Rule[] = [
  {
    id: 'stray-brace',
    severity: 'error',
    nucleus: 'lite',
    what: 'A brace that starts no recipe variable: `${NAME}`, a group of commands, awk, JSON.',
    consequence: 'Nucleus lite takes every { for the start of a variable. It cuts the script off there, and runs the first half.',
    instead: 'Write $NAME without braces; move anything else into a script among the artifacts.',
    bad: script('echo "${HOME}"'),
    good: script('echo "$HOME"'),
    check: (recipe) => braces(recipe, ({ text, variable }) => (variable === undefined ? `${quote(text)} is no recipe variable` : undefined)),
  },
  {
    id: 'variable-unknown',
    severity: 'error',
    nucleus: 'both',
    what: 'A recipe variable that does not exist, or a JSON pointer without a slash in front.',
    consequence: 'The classic nucleus leaves the text in the script; nucleus lite cuts the script off there.',
    instead: `Use one of ${variableNames.map((name) => `\`${name}\``).join(', ')}.`,
    bad: script('sh "{works:path}/run.sh"'),
    good: script('sh "{work:path}/run.sh"'),
    check: (recipe) => braces(recipe, ({ text, variable }) => (variable !== undefined && !isKnownVariable(variable) ? `${quote(text)} is not known` : undefined)),
  },
  {
    id: 'variable-without-default',
    severity: 'warning',
    nucleus: 'both',
    what: 'A configuration variable that has no value in DefaultConfiguration.',
    consequence: 'Until a deployment sets it, the classic nucleus leaves the text in the script, and nucleus lite cuts the script off there.',
    instead: 'Add the key to DefaultConfiguration, with an empty text if there is no better value.',
    bad: script('sh run.sh "{configuration:/period}"'),
    good: script('sh run.sh "{configuration:/interval}"'),
    check: (recipe) => pointers(recipe, ({ found, spelled }, text) => (!found && spelled === undefined ? { detail: `${quote(text)} has no value in DefaultConfiguration` } : undefined)),
  },
  {
    id: 'variable-case',
    severity: 'error',
    nucleus: 'both',
    what: 'A configuration variable in another case than the key.',
    consequence: 'JSON pointers are case-sensitive, so that it has no value.',
    instead: 'Spell it as the key.',
    bad: script('sh run.sh "{configuration:/Interval}"'),
    good: script('sh run.sh "{configuration:/interval}"'),
    check: (recipe) => pointers(recipe, ({ spelled }, text) => (spelled === undefined ? undefined : { detail: `${quote(text)} differs in case from the key`, instead: `Write {configuration:${spelled}}.` })),
  },
  {
    id: 'variable-without-dependency',
    severity: 'error',
    nucleus: 'classic',
    what: 'A variable of another component that is no direct dependency.',
    consequence: 'The classic nucleus leaves the text in the script.',
    instead: 'Add the component to ComponentDependencies.',
    bad: script('sh "{com.example.Runtime:artifacts:path}/run.sh"'),
    good: script('sh "{com.example.Runtime:artifacts:path}/run.sh"', dependency),
    check: (recipe) => braces(recipe, ({ text, variable }) => (variable?.component !== undefined && !recipe.dependencies.some(({ key }) => key === variable.component) ? `${quote(text)} is of ${quote(variable.component)}, which is no dependency` : undefined)),
  },
  {
    id: 'variable-of-another-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A variable of another component.',
    consequence: 'Nucleus lite knows none and cuts the script off there.',
    instead: 'Go by way of the work folders, which lie beside each other: {work:path}/../com.example.Runtime.',
    bad: script('sh "{com.example.Runtime:work:path}/run.sh"', dependency),
    good: script('sh "{work:path}/../com.example.Runtime/run.sh"', dependency),
    check: (recipe) => braces(recipe, ({ text, variable }) => (variable?.component === undefined ? undefined : `${quote(text)} is of another component`)),
  },
  {
    id: 'variable-too-long',
    severity: 'error',
    nucleus: 'lite',
    what: 'A recipe variable of more than 256 characters.',
    consequence: 'Nucleus lite cuts the script off there.',
    instead: 'Use shorter keys.',
    bad: script(`sh run.sh "{configuration:/${'x'.repeat(250)}}"`),
    good: script('sh run.sh "{configuration:/interval}"'),
    check: (recipe) => braces(recipe, ({ text }) => (text.length - 2 > 256 ? `a variable of ${text.length - 2} characters` : undefined)),
  },
  {
    id: 'unquoted-configuration',
    severity: 'warning',
    nucleus: 'both',
    what: 'A configuration value that stands in a script without double quotes.',
    consequence: 'The value becomes part of the script as it is: a space splits it, and a ; or $ in it is run.',
    instead: 'Put it in double quotes, or better hand it over through Setenv.',
    bad: script('sh run.sh {configuration:/interval}'),
    good: script('sh run.sh "{configuration:/interval}"'),
    check: (recipe) => inScripts(recipe, ({ text, variable }, quoting) => (variable?.namespace === 'configuration' && quoting !== 'double' && quoting !== 'comment' ? `${quote(text)} stands ${quoting === 'single' ? 'in single quotes, which a \' in the value ends' : 'without quotes'}` : undefined)),
  },
  {
    id: 'unquoted-path',
    severity: 'note',
    nucleus: 'both',
    what: 'A path that stands in a script without quotes.',
    consequence: 'Where the folder of Greengrass has a space in its name, the shell splits it.',
    instead: 'Put it in double quotes.',
    bad: script('sh {work:path}/run.sh'),
    good: script('sh "{work:path}/run.sh"'),
    check: (recipe) => inScripts(recipe, ({ text, variable }, quoting) => (variable !== undefined && ['artifacts', 'work', 'kernel'].includes(variable.namespace) && quoting === 'none' ? `${quote(text)} stands without quotes` : undefined)),
  },
  {
    id: 'variable-not-replaced',
    severity: 'error',
    nucleus: 'both',
    what: 'A recipe variable in an artifact, a dependency or another place in which none is replaced.',
    consequence: 'The text stays as it is.',
    instead: 'Write the value. Variables are for lifecycles.',
    bad: artifact('"s3://bucket/{configuration:/file}"'),
    good: artifact('s3://bucket/run.sh'),
    *check(recipe) {
      const places = [...['ComponentName', 'ComponentVersion', 'ComponentPublisher'].flatMap((name) => field(recipe.root, name)?.value ?? []), ...recipe.dependencies.map(({ value }) => value), ...recipe.manifests.flatMap(({ platform, artifacts }) => [...(platform === undefined ? [] : [platform.value]), ...artifacts.map(({ node }) => node)])];
      for (const place of places) yield* variablesBelow(place, (text) => `${quote(text)} is not replaced here`);
    },
  },
  {
    id: 'variable-in-configuration',
    severity: 'warning',
    nucleus: 'both',
    what: 'A recipe variable in DefaultConfiguration.',
    consequence: 'The classic nucleus replaces it only with interpolateComponentConfiguration, and never one of configuration. Nucleus lite does so in the resources of accessControl alone.',
    instead: 'Use the variable in Setenv and read it there.',
    bad: 'ComponentConfiguration:\n  DefaultConfiguration:\n    folder: "{work:path}/data"',
    good: 'ComponentConfiguration:\n  DefaultConfiguration:\n    folder: data',
    *check(recipe) {
      if (recipe.defaultConfiguration !== undefined) yield* variablesBelow(recipe.defaultConfiguration.value, (text) => `${quote(text)} may stay as it is`);
    },
  },
];

function* braces(recipe: Recipe, look: (use: BraceUse, text: InterpolatedText) => string | undefined): Iterable<Violation> {
  for (const text of recipe.texts) {
    for (const use of bracesIn(textOf(text.node) ?? '')) {
      const detail = look(use, text);
      if (detail !== undefined) yield { at: text.node, detail };
    }
  }
}

function inScripts(recipe: Recipe, look: (use: BraceUse, quoting: ReturnType<typeof quotingAt>) => string | undefined): Iterable<Violation> {
  return braces(recipe, (use, { node, role }) => (role === 'script' ? look(use, quotingAt(textOf(node) ?? '', use.offset)) : undefined));
}

function* pointers(recipe: Recipe, look: (result: ReturnType<typeof followPointer>, text: string) => Omit<Violation, 'at'> | undefined): Iterable<Violation> {
  for (const { node } of recipe.texts) {
    for (const { text, variable } of bracesIn(textOf(node) ?? '')) {
      if (variable?.namespace !== 'configuration' || variable.component !== undefined || !isKnownVariable(variable)) continue;
      const seen = look(followPointer(recipe.defaultConfiguration?.value, variable.key), text);
      if (seen !== undefined) yield { at: node, ...seen };
    }
  }
}

function* variablesBelow(place: RecipeNode, detail: (text: string) => string): Iterable<Violation> {
  for (const node of everyNode(place)) {
    for (const { text, variable } of bracesIn(textOf(node) ?? '')) if (variable !== undefined && isKnownVariable(variable)) yield { at: node, detail: detail(text) };
  }
}

function quote(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
