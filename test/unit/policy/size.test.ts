import { expect, test } from 'vitest';
import { checkPolicySize, policyLimits, policySize } from '../../../scripts/policy/size.ts';

test('white space does not count', () => {
  expect(policySize(['{ "a":\n\t1 }', '{}'], 'inline')).toBe(9);
  expect(policySize(['é'], 'trust')).toBe(1);
  expect(policySize(['é'], 'bucket')).toBe(2);
});

test.each(['trust', 'managed', 'inline', 'bucket'] as const)('a %s policy at its limit fits, and one beyond it does not', (kind) => {
  const full = ` ${'x'.repeat(policyLimits[kind] - 2)} `;
  expect(() => checkPolicySize([full, '{}'], { kind, name: 'Role A' })).not.toThrow();
  expect(() => checkPolicySize([full, '{}', 'x'], { kind, name: 'Role A' })).toThrow(new RegExp(`^Role A is too large: AWS takes ${policyLimits[kind]} characters .* got ${policyLimits[kind] + 1}\\.`));
});
