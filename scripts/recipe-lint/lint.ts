import { pathText } from './recipe-node.ts';
import { readRecipe, type RecipeSource } from './read-recipe.ts';
import type { Recipe } from './recipe-view.ts';
import type { Finding, LintContext, Rule, Violation } from './rule.ts';
import { rules } from './rules.ts';

/** What is said of a file that no other rule can look into. */
export const syntaxRule: Omit<Rule, 'check'> = {
  id: 'syntax',
  severity: 'error',
  nucleus: 'both',
  what: 'The file is not valid YAML or JSON, or no map of keys.',
  consequence: 'No nucleus can read it. Nothing else of it is linted.',
  instead: 'Correct the syntax.',
  bad: 'ComponentName: "com.example.Pump',
  good: 'ComponentName: com.example.Pump',
};

export type LintOptions = {
  readonly nucleus: 'classic' | 'lite' | 'all';
  /** The names in a component's artifact folder, where artifacts are to be compared; undefined without such a folder. */
  readonly artifactFiles?: ((component: string, version: string) => readonly string[] | undefined) | undefined;
};

/**
 * Checks recipes by every rule.
 *
 * @returns what was found, by file in the given order, then by line
 */
export function lintRecipes(sources: readonly RecipeSource[], options: LintOptions): Finding[] {
  const read = sources.map((source) => ({ source, ...readRecipe(source) }));
  const recipes = read.flatMap((one) => ('recipe' in one ? [one.recipe] : []));
  const context: LintContext = { recipes, artifactsGiven: options.artifactFiles !== undefined, artifactFiles: options.artifactFiles ?? (() => undefined) };
  const chosen = rules.filter(({ nucleus }) => options.nucleus === 'all' || nucleus === 'both' || nucleus === 'gdk' || nucleus === options.nucleus);
  return read.flatMap((one) => ('recipe' in one ? lintRecipe(one.recipe, chosen, context) : one.problems.map((problem) => findingOf(syntaxRule, one.source.file, problem))));
}

function lintRecipe(recipe: Recipe, chosen: readonly Rule[], context: LintContext): Finding[] {
  const findings = chosen.flatMap((rule) => [...rule.check(recipe, context)].map((violation) => findingOf(rule, recipe.file, violation)));
  return unique(findings).toSorted((left, right) => left.line - right.line || left.column - right.column);
}

/** A step of the lifecycle at the top may be seen once per selection. */
function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function findingOf(rule: Omit<Rule, 'check'>, file: string, { at, detail, instead }: Violation): Finding {
  return {
    id: rule.id,
    severity: rule.severity,
    nucleus: rule.nucleus,
    file,
    path: pathText(at.path),
    line: at.line,
    column: at.column,
    problem: detail,
    consequence: rule.consequence,
    instead: instead ?? rule.instead,
  };
}
