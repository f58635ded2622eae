import type { z } from 'zod';

/** A zod error map that says what came as well as what was expected. */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  const got = JSON.stringify(issue.input);
  if (issue.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}, got ${got}`;
  if (issue.code === 'invalid_type') return issue.input === undefined ? `is missing; expected ${issue.expected}` : `expected ${issue.expected}, got ${got}`;
  return undefined;
}
