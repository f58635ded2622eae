import type { Rule } from './rule.ts';
import { accessControlRules } from './rules/access-control.ts';
import { artifactRules } from './rules/artifacts.ts';
import { identityRules } from './rules/identity.ts';
import { keyRules } from './rules/keys.ts';
import { lifecycleRules } from './rules/lifecycle.ts';
import { platformRules } from './rules/platform.ts';
import { portabilityRules } from './rules/portability.ts';
import { variableRules } from './rules/variables.ts';

/** Every rule by subject, in the order of the documentation. */
export const ruleGroups: Readonly<Record<string, readonly Rule[]>> = {
  'Keys and values': keyRules,
  'Name, version, dependencies': identityRules,
  'Platform and selections': platformRules,
  Lifecycle: lifecycleRules,
  'Recipe variables': variableRules,
  Artifacts: artifactRules,
  'Access control': accessControlRules,
  'The file, and what it needs': portabilityRules,
};

export const rules: readonly Rule[] = Object.values(ruleGroups).flat();
