import { describe, expect, test } from 'vitest';
import { lintRecipes, syntaxRule } from '../../../scripts/recipe-lint/lint.ts';
import { rules } from '../../../scripts/recipe-lint/rules.ts';
import { exampleRecipe } from '../../helpers/lint-example.ts';

/** These say something only of a folder of artifacts, or of several files. */
const contextual = ['artifact-file-missing', 'artifact-file-unused'];
const found = (example: string): string[] => lintRecipes([exampleRecipe(example)], { nucleus: 'all' }).map(({ id }) => id);

describe('every rule', () => {
  test.each([syntaxRule, ...rules].filter(({ id }) => !contextual.includes(id)).map((rule) => [rule.id, rule] as const))('%s is broken by its bad example and kept by its good one', (id, { bad, good }) => {
    expect(found(bad)).toContain(id);
    expect(found(good)).not.toContain(id);
  });

  test('has an id of its own, and says everything in sentences', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    for (const { id, what, consequence, instead } of rules) {
      expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      for (const text of [what, consequence, instead]) expect(text).toMatch(/^\S[^]*[.]$/);
    }
  });

  test('finds nothing in a recipe that is right', () => {
    expect(found('ComponentDescription: Reads the pump.')).toEqual([]);
  });

  test('finds no error of the classic nucleus in the good example of any other', () => {
    const others = rules.flatMap(({ id, good }) => {
      const errors = lintRecipes([exampleRecipe(good)], { nucleus: 'classic' }).filter(({ severity }) => severity === 'error');
      return errors.map((finding) => `${id}: ${finding.id} ${finding.problem}`);
    });
    expect(others).toEqual([]);
  });
});
