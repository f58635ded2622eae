import { expect, test } from 'vitest';
import { doctorText, summaryText } from '../../../scripts/commands/doctor-text.ts';
import { reportOf, type SidedResult } from '../../../scripts/doctor/report.ts';
import { fail, notApplicable, ok, warning } from '../../../scripts/doctor/verdict.ts';

const plain = { width: Infinity, paint: (_: string, text: string) => text };
const subject = { thing: { value: 'camera-4', origin: '--thing' } };
const about = { subject, nucleus: null };

const results: readonly SidedResult[] = [
  { side: 'device', check: { name: 'disk', title: '' }, verdict: warning('3 MiB free', 'Make room.') },
  { side: 'cloud', check: { name: 'role', title: '', prerequisite: { step: '2', line: 12, says: 'The role begins with SageMaker.' } }, verdict: fail('called Cameras', 'Make another one.') },
  { side: 'device', check: { name: 'version', title: '', prerequisite: { step: 'note', line: 73, says: 'V2 only.' } }, verdict: notApplicable('waits for greengrass') },
  { side: 'device', check: { name: 'greengrass', title: '', prerequisite: { step: '1', line: 7, says: 'Install it.' } }, verdict: ok('in /greengrass/v2') },
];

test('is grouped by step, with remedies below, and a line that counts', () => {
  expect(doctorText(results, about, plain)).toBe(`Greengrass  none
thing       camera-4  (--thing)

Step 1 of the prerequisites
  greengrass  ok       in /greengrass/v2

Step 2 of the prerequisites
  role        fail     called Cameras
                       -> Make another one.
                       (step 2, line 12: The role begins with SageMaker.)

Notes of the prerequisites
  version     n.a.     waits for greengrass

What Fescue needs besides
  disk        warning  3 MiB free
                       -> Make room.

1 ok, 1 warning, 1 failed, 1 not applicable
`);
});

test('names the host, and spells the same remedy out once', () => {
  const hidden = (name: string): SidedResult => ({ side: 'device', check: { name, title: '' }, verdict: warning('hidden', 'Run it as root.') });
  expect(doctorText([hidden('runtime'), hidden('recipes')], { host: 'pi@camera-4', subject: {}, nucleus: undefined }, plain)).toBe(`device      pi@camera-4  (--host)
Greengrass  not known

What Fescue needs besides
  runtime  warning  hidden
                    -> Run it as root.
  recipes  warning  hidden
                    -> as for runtime

0 ok, 2 warnings, 0 failed, 0 not applicable
`);
});

test('is wrapped at blanks to the width of the terminal, under the text it goes on', () => {
  const [long] = [{ side: 'device', check: { name: 'disk', title: '' }, verdict: fail('one two three four five six seven', '/a/path/that/stays/whole/for/its/reader and more words here') }] as const;
  const lines = doctorText([long], { subject: {}, nucleus: null }, { ...plain, width: 45 }).split('\n');
  expect(lines.slice(3, 8)).toEqual(['  disk  fail     one two three four five six', '                 seven', '                 -> /a/path/that/stays/whole/for/its/reader', '                    and more words here', '']);
});

test('colours the status alone', () => {
  const painted = doctorText(results.slice(3), about, { ...plain, paint: (status, text) => `<${status}>${text}</>` });
  expect(painted).toContain('  greengrass  <ok>ok     </>  in /greengrass/v2\n');
});

test('shows text of others without what moves the cursor', () => {
  expect(doctorText([{ side: 'cloud', check: { name: 'x', title: '' }, verdict: ok('a\u001b[2Jb') }], about, plain)).toContain('a\\u{1b}[2Jb');
});

test('counts in words', () => {
  expect(summaryText({ ok: 12, warning: 2, fail: 0, 'n.a.': 3 })).toBe('12 ok, 2 warnings, 0 failed, 3 not applicable');
});

test('is JSON for programs, with the host where there is one and without evidence', () => {
  const [credentials] = [{ side: 'device', check: { name: 'credentials', title: '' }, verdict: { ...ok('x'), evidence: { role: 'y' } } }] as const;
  expect(reportOf([credentials], { host: 'pi@camera-4', subject, nucleus: undefined })).toEqual({ version: 1, fescue: expect.any(String) as string, host: 'pi@camera-4', subject, checks: [{ name: 'credentials', title: '', side: 'device', status: 'ok', found: 'x' }], summary: { ok: 1, warning: 0, fail: 0, 'n.a.': 0 } });
});

test('is JSON for programs', () => {
  expect(reportOf(results.slice(1, 2), about)).toEqual({
    version: 1,
    fescue: expect.any(String) as string,
    subject,
    nucleus: null,
    checks: [{ name: 'role', title: '', side: 'cloud', status: 'fail', found: 'called Cameras', remedy: 'Make another one.', prerequisite: { step: '2', line: 12, says: 'The role begins with SageMaker.' } }],
    summary: { ok: 0, warning: 0, fail: 1, 'n.a.': 0 },
  });
});
