import { expect, test } from 'vitest';
import { statusOf } from '../../../components/agent/status.ts';
import { FescueError } from '../../../components/common/errors.ts';

test('a text that fits is left as it is', () => {
  expect(statusOf(new FescueError('not-found', 'ä'.repeat(1_024)))).toEqual({ code: 5, details: 'ä'.repeat(1_024) });
  expect(statusOf('odd')).toEqual({ code: 13, details: 'The agent failed: odd' });
});

test('a longer one is cut between two characters, and says so', () => {
  expect(statusOf(new FescueError('not-found', `x${'ä'.repeat(5_000)}`)).details).toBe(`x${'ä'.repeat(1_023)} … (10001 bytes in all)`);
});
