import { expect, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import { CloudError } from '../../../scripts/cloud/cloud-error.ts';
import type { Check, Verdict } from '../../../scripts/doctor/check.ts';
import { runChecks } from '../../../scripts/doctor/run-checks.ts';
import { fail, notApplicable, ok, warning } from '../../../scripts/doctor/verdict.ts';

type Seen = string[];

const check = (name: string, outcome: Verdict | Error, ...after: string[]): Check<Seen> => ({
  name,
  title: name,
  after,
  run: async (seen) => {
    seen.push(name);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  },
});

async function run(...checks: readonly Check<Seen>[]): Promise<{ ran: string[]; verdicts: Record<string, string> }> {
  const ran: string[] = [];
  const results = await runChecks(checks, ran);
  return { ran, verdicts: Object.fromEntries(results.map(({ check: { name }, verdict }) => [name, `${verdict.status}: ${verdict.found}`])) };
}

test('runs in order, and nothing that waits for a failure', async () => {
  const { ran, verdicts } = await run(check('one', fail('broken', 'mend')), check('two', ok('fine'), 'one'), check('three', ok('fine'), 'two'), check('four', ok('fine')));
  expect(ran).toEqual(['one', 'four']);
  expect(verdicts).toEqual({ one: 'fail: broken', two: 'n.a.: waits for one', three: 'n.a.: waits for two', four: 'ok: fine' });
});

test('runs what comes after a success, a warning, what does not apply, and what was not chosen', async () => {
  const { ran } = await run(check('ok', ok('x')), check('warning', warning('x', 'y')), check('none', notApplicable('x')), check('last', ok('x'), 'ok', 'warning', 'none', 'absent'));
  expect(ran.at(-1)).toBe('last');
});

test.each([
  [new CloudError('access-denied', 'iam:GetRole', 'iam:GetRole of role x: access is denied. Allow iam:GetRole to this identity.'), { found: 'could not check: needs iam:GetRole', remedy: 'Allow iam:GetRole to this identity.' }],
  [new CloudError('expired-credentials', 'iam:GetRole', 'iam:GetRole of role x: the AWS credentials have expired. Sign in again.'), { found: 'could not check: iam:GetRole of role x: the AWS credentials have expired', remedy: 'Sign in again.' }],
  [new FescueError('failed-precondition', '/x may not be read by this user. Run it as root.'), { found: 'could not check: /x may not be read by this user', remedy: 'Run it as root.' }],
  [new FescueError('unavailable', 'No answer within 5 s.'), { found: 'could not check: No answer within 5 s', remedy: 'Remove the cause, and run fescue doctor again.' }],
  [new TypeError('x is not a function'), { found: 'could not check: x is not a function', remedy: 'This is a fault of Fescue: report it, with the output of this command.' }],
])('%s is a warning, and the next check runs', async (error, verdict) => {
  const results = await runChecks([check('first', error), check('second', ok('fine'), 'first')], []);
  expect(results.map((result) => result.verdict)).toEqual([{ status: 'warning', ...verdict }, { status: 'ok', found: 'fine' }]);
});

test('a check that takes too long is given up, and the next one runs', async () => {
  const endless: Check<Seen> = { name: 'endless', title: '', run: () => new Promise(() => undefined) };
  const results = await runChecks([endless, check('next', ok('fine'))], [], { timeoutMs: 20 });
  expect(results.map(({ verdict }) => verdict.found)).toEqual(['could not check: It took more than 0.02 s', 'fine']);
});

test('tells which check begins, and not those that only wait', async () => {
  const begun: string[] = [];
  await runChecks([check('one', fail('x', 'y')), check('two', ok('x'), 'one'), check('three', ok('x'))], [], { onStart: ({ name }) => begun.push(name) });
  expect(begun).toEqual(['one', 'three']);
});
