/** How recipes are spelled: the keys as nucleus lite and AWS's documentation write them. */
export const spelledKeys = {
  recipe: ['RecipeFormatVersion', 'ComponentName', 'ComponentVersion', 'ComponentDescription', 'ComponentPublisher', 'ComponentType', 'ComponentSource', 'ComponentConfiguration', 'ComponentDependencies', 'Manifests', 'Lifecycle'],
  configuration: ['DefaultConfiguration'],
  dependency: ['VersionRequirement', 'DependencyType'],
  manifest: ['Name', 'Platform', 'Lifecycle', 'Selections', 'Artifacts'],
  artifact: ['Uri', 'Unarchive', 'Permission', 'Digest', 'Algorithm'],
  permission: ['Read', 'Execute'],
  step: ['Script', 'RequiresPrivilege', 'Skipif', 'Timeout', 'Setenv'],
  policy: ['policyDescription', 'operations', 'resources'],
} as const;

export const stepNames = ['bootstrap', 'install', 'startup', 'run', 'shutdown', 'recover', 'uninstall'] as const;

/** What stands beside the steps: `errorResetTime` is of the classic nucleus alone. */
export const lifecycleKeys = [...stepNames, 'Setenv', 'errorResetTime'] as const;

/** Case apart, the same word. */
export function sameWord(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** The word that `given` was probably meant to be: at most two letters away. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const near = words.map((word) => ({ word, distance: distance(given.toLowerCase(), word.toLowerCase()) })).filter((one) => one.distance <= 2);
  return near.toSorted((left, right) => left.distance - right.distance)[0]?.word;
}

/** Levenshtein's; words that cannot be near are not compared. */
function distance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return 3;
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, letter] of left.split('').entries()) {
    const line = [row + 1];
    for (const [column, other] of right.split('').entries()) {
      line.push(Math.min((above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1, (above[column] ?? 0) + (letter === other ? 0 : 1)));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
}
