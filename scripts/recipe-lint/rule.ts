import type { Located } from './recipe-node.ts';
import type { Recipe } from './recipe-view.ts';

/** error: refused, or does not work there; warning: works differently, or bites later; note: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';
/** The classic nucleus, nucleus lite, both of them, or the Greengrass Development Kit. */
export type Target = 'classic' | 'lite' | 'both' | 'gdk';

/** A place where a recipe breaks a rule. */
export type Violation = {
  readonly at: Located;
  /** What is wrong there, for a sentence that begins with the place. */
  readonly detail: string;
  /** What to write in this place, when more can be said than the rule does. */
  readonly instead?: string | undefined;
};

/** What a rule may look at besides the recipe. */
export type LintContext = {
  /** All recipes that are linted together, this one too. */
  readonly recipes: readonly Recipe[];
  /** The names in a component's artifact folder; undefined when there is none, or no folder was named. */
  readonly artifactFiles: (component: string, version: string) => readonly string[] | undefined;
  /** Whether there is a folder of artifacts to compare with. */
  readonly artifactsGiven: boolean;
};

export type Rule = {
  /** Never changes: people write it into their scripts. */
  readonly id: string;
  readonly severity: Severity;
  readonly nucleus: Target;
  /** What is wrong, in general. */
  readonly what: string;
  /** What happens then. */
  readonly consequence: string;
  readonly instead: string;
  /** Top-level keys of a recipe that break the rule and no other of the same subject, and that keep it. */
  readonly bad: string;
  readonly good: string;
  readonly check: (recipe: Recipe, context: LintContext) => Iterable<Violation>;
};

/** A violation with everything a reader has to know. */
export type Finding = {
  readonly id: string;
  readonly severity: Severity;
  readonly nucleus: Target;
  readonly file: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly problem: string;
  readonly consequence: string;
  readonly instead: string;
};
