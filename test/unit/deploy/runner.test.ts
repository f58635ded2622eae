import { expect, test } from 'vitest';
import { localRunner } from '../../../scripts/deploy/local-runner.ts';
import { runProcess } from '../../../scripts/deploy/run-process.ts';
import { mustRun, parseArchitecture } from '../../../scripts/deploy/runner.ts';

test.each([
  ['x86_64\n64\n', 'amd64'],
  ['aarch64\n64\n', 'aarch64'],
  ['arm64\n64\n', 'aarch64'],
])('%j is %s', (text, architecture) => {
  expect(parseArchitecture(text, 'pi@camera')).toBe(architecture);
});

test.each([
  ['armv7l\n32\n', 'pi@camera is armv7l, for which there is no runtime'],
  ['aarch64\n32\n', 'pi@camera is aarch64 with a 32-bit system'],
  ['', 'there is no runtime'],
])('%j is refused', (text, message) => {
  expect(() => parseArchitecture(text, 'pi@camera')).toThrow(message);
});

test('a program gets its arguments as they are, and its output and code come back', async () => {
  const odd = ["it's", '$(x)', '', 'a\nb', '*'];
  expect(await runProcess(['sh', '-c', 'printf "%s|" "$@"; echo problem >&2; exit 3', 'sh', ...odd])).toEqual({ code: 3, stdout: `${odd.join('|')}|`, stderr: 'problem\n' });
});

test('a program gets its input, and nothing without', async () => {
  expect((await runProcess(['cat'], { input: Buffer.from('a\0b') })).stdout).toBe('a\0b');
  expect((await runProcess(['cat'])).stdout).toBe('');
});

test('a program that does not read its input ends as it wants', async () => {
  expect(await runProcess(['sh', '-c', 'exit 5'], { input: Buffer.alloc(1024 ** 2) })).toMatchObject({ code: 5 });
});

test('a program that is not there ends as in a shell', async () => {
  expect(await runProcess(['no-such-program-here'])).toEqual({ code: 127, stdout: '', stderr: 'no-such-program-here: not found' });
});

test('a program that takes too long is ended, also when a process of its own holds on', async () => {
  await expect(runProcess(['sh', '-c', 'sleep 600 & echo $!; wait'], { timeoutMs: 100 })).rejects.toMatchObject({ kind: 'deadline-exceeded', message: expect.stringContaining('sh took more than 0.1 s') as string });
});

test('a program that prints without end is ended', async () => {
  await expect(runProcess(['yes'])).rejects.toMatchObject({ kind: 'resource-exhausted' });
});

test('a command that has to succeed tells why it did not', async () => {
  await expect(mustRun(localRunner(), ['sh', '-c', 'echo first >&2; echo no room >&2; exit 4'])).rejects.toThrow(/^sh -c '.*' failed with exit code 4: no room\./s);
});
