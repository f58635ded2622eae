import type { Rule, Target } from './rule.ts';
import { syntaxRule } from './lint.ts';
import { ruleGroups } from './rules.ts';

const targets: Readonly<Record<Target, string>> = { classic: 'the classic nucleus', lite: 'nucleus lite', both: 'both nuclei', gdk: 'GDK' };

/** The text of `docs/lint-recipe.md`. */
export function lintPage(): string {
  return `<!-- Rendered from the table of rules by \`npm run render\`; edits here are overwritten. -->

# Checking recipes

\`fescue lint-recipe\` says what the classic nucleus (2.9 and newer), nucleus lite (2.x) and the Greengrass Development Kit make
of a recipe, before a device does:

\`\`\`sh
fescue lint-recipe recipe.yaml
fescue lint-recipe greengrass-build/recipes --artifact-dir greengrass-build/artifacts
fescue lint-recipe recipes --nucleus lite --strict --json
\`\`\`

It ends with exit code 1 when there is an error, or with \`--strict\` a warning. An error is refused or does not work on the nucleus
that is named; a warning works differently there, or bites later; a note is worth knowing. \`--nucleus classic\` leaves out
what concerns nucleus lite alone, \`--nucleus lite\` the reverse. What stands below a rule breaks it; only the keys that matter are shown.

${section('The file', [syntaxRule])}
${Object.entries(ruleGroups).map(([title, rules]) => section(title, rules)).join('\n')}`;
}

function section(title: string, rules: readonly Omit<Rule, 'check'>[]): string {
  return `## ${title}\n\n${rules.map(ruleText).join('\n')}`;
}

function ruleText({ id, severity, nucleus, what, consequence, instead, bad }: Omit<Rule, 'check'>): string {
  return `### \`${id}\`

*${severity[0]?.toUpperCase()}${severity.slice(1)} for ${targets[nucleus]}.* ${what} ${consequence} ${instead}
${bad.length > 1000 ? '' : `\n${fenced(bad)}\n`}`;
}

function fenced(text: string): string {
  return `\`\`\`${text.startsWith('{') ? 'json' : 'yaml'}\n${text}\n\`\`\``;
}
