import { expect, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import type { Argv, Finished, ProcessOptions } from '../../../scripts/deploy/run-process.ts';
import type { Runner } from '../../../scripts/deploy/runner.ts';
import type { DeviceFacts, DeviceRequest } from '../../../scripts/doctor/device-facts.ts';
import { printedLine } from '../../../scripts/doctor/device-lines.ts';
import { remoteDevice } from '../../../scripts/doctor/remote-device.ts';
import { ok } from '../../../scripts/doctor/verdict.ts';

const host = 'pi@camera-4';
const own = '/greengrass/v2/work/dev.fescue.Runtime/bin/node';
const facts: DeviceFacts = { nucleus: { kind: 'classic', root: '/greengrass/v2', version: '2.14.0' }, subject: { thing: { value: 'camera-4', origin: 'config.tlog' } }, agent: { provider: 'iot' }, results: [{ name: 'disk', verdict: ok('free') }] };
const request: DeviceRequest = { checks: ['disk', 'greengrass'], flags: { fleet: "it's" } };

type Machine = { readonly user?: string; readonly sudo?: Partial<Finished>; readonly nodes?: string; readonly examination?: readonly string[]; readonly end?: Partial<Finished> };

/** A machine that answers the commands of doctor. */
function machine({ user = '1000', sudo = {}, nodes = `${own}\tv24.1.0\n`, examination = [printedLine({ is: 'facts', facts, now: Date.now() })], end = {} }: Machine): { runner: Runner; calls: { argv: Argv; options: ProcessOptions }[] } {
  const calls: { argv: Argv; options: ProcessOptions }[] = [];
  const answer = (argv: readonly string[], options: ProcessOptions): Partial<Finished> => {
    if (argv[0] === 'sudo') return sudo.code === undefined ? answer(argv.slice(2), options) : sudo;
    if (argv[0] === 'id') return { stdout: `${user}\n` };
    if (argv[0] === 'true') return {};
    if (argv[0] === 'sh') return { stdout: nodes };
    for (const line of examination) options.onLine?.(line.trimEnd());
    return end;
  };
  const run = async (argv: Argv, options: ProcessOptions = {}): Promise<Finished> => {
    calls.push({ argv, options });
    return { code: 0, stdout: '', stderr: '', ...answer(argv, options) };
  };
  const refuse = async (): Promise<never> => Promise.reject(new FescueError('internal', 'not to be asked'));
  return { calls, runner: { host, run, shown: (argv) => argv.join(' '), send: refuse, sending: refuse, close: async () => undefined } };
}

async function examined(given: Machine, signal = new AbortController().signal): Promise<{ facts: DeviceFacts; calls: { argv: Argv; options: ProcessOptions }[]; told: string[]; started: string[] }> {
  const { runner, calls } = machine(given);
  const [told, started]: string[][] = [[], []];
  const answer = await remoteDevice({ runner, host, signal, tell: (text) => void told?.push(text) })(request, (name) => void started?.push(name));
  return { facts: answer, calls, told: told ?? [], started: started ?? [] };
}

test('the program goes to the Node of the components, on its standard input and as root, and its answer comes back', async () => {
  const { facts: answer, calls, told, started } = await examined({ examination: ['Welcome to camera 4', printedLine({ is: 'check', check: 'disk' }), printedLine({ is: 'alive' }), printedLine({ is: 'facts', facts, now: Date.now() + 60_000 })] });
  expect(answer).toMatchObject(facts);
  expect(Math.round((answer.clockAheadMs ?? 0) / 10_000)).toBe(6);
  expect([told, started]).toEqual([[], ['disk']]);
  const { argv, options } = calls.at(-1) ?? { argv: [], options: {} };
  expect(argv.slice(0, -1)).toEqual(['sudo', '-n', own, '--no-warnings', '-']);
  expect(JSON.parse(argv.at(-1) ?? '')).toEqual({ ...request, host });
  expect(options.input?.length).toBeLessThan(2_000_000);
});

test('root needs no sudo', async () => {
  expect((await examined({ user: '0' })).calls.flatMap(({ argv }) => argv)).not.toContain('sudo');
});

test('where sudo asks for a password it goes on without, and says so', async () => {
  const { calls, told } = await examined({ sudo: { code: 1, stderr: 'sudo: a password is required\n' } });
  expect(calls.at(-1)?.argv[0]).toBe(own);
  expect(told).toEqual([expect.stringMatching(/^Not as root on pi@camera-4: sudo: a password is required\. Let sudo run there without a password/)]);
});

test.each([
  [`${own}\tsh: exec format error\n/usr/bin/node\tv20.1.0\n`, '/usr/bin/node'],
  [`${own}\tv24.1.0\n/usr/bin/node\tv20.1.0\n`, own],
  [`/opt/node\tv18.19.0\n/usr/bin/node\tv22.1.0\n`, '/usr/bin/node'],
])('of the Nodes %j it takes the first that is fit', async (nodes, program) => {
  expect((await examined({ nodes })).calls.at(-1)?.argv[2]).toBe(program);
});

test.each([
  ['', /^no Node of version 20 or newer was found on pi@camera-4: there is none$/],
  [`${own}\t\n/usr/bin/node\tv18.19.0\n`, /bin\/node says nothing, \/usr\/bin\/node says v18\.19\.0$/],
])('without a Node (%j) runtime fails, and the rest waits for it', async (nodes, found) => {
  const { facts: answer } = await examined({ nodes });
  expect(answer.nucleus).toBeUndefined();
  expect(answer.subject.fleet).toEqual({ value: "it's", origin: '--fleet' });
  expect(answer.results).toEqual([
    { name: 'disk', verdict: { status: 'n.a.', found: 'waits for runtime' } },
    { name: 'greengrass', verdict: { status: 'n.a.', found: 'waits for runtime' } },
    { name: 'runtime', verdict: { status: 'fail', found: expect.stringMatching(found) as string, remedy: expect.stringContaining('fescue deploy --to greengrass --host pi@camera-4') as string } },
  ]);
});

test.each([
  [{ examination: [], end: { code: 134, stderr: 'FATAL ERROR: heap out of memory\n' } }, /v24\.1\.0: FATAL ERROR: heap out of memory\. See that this Node works there/],
  [{ examination: [], end: { code: 3 } }, /it ended with exit code 3/],
  [{ examination: [printedLine({ is: 'failure', message: 'no proc' })] }, /do not run on pi@camera-4 with .*: no proc\./],
  [{ examination: ['fescue-doctor {"is":"facts","now":1,"facts":{"subject":{"thing":7},"results":[]}}', 'fescue-doctor {'] }, /it ended with exit code 0/],
])('an answer %j that is none is an error', async (given, message) => {
  await expect(examined(given)).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(message) as string });
});

test('an interruption is told as one, and nothing more is started', async () => {
  await expect(examined({}, AbortSignal.abort())).rejects.toMatchObject({ kind: 'cancelled', message: expect.stringContaining('Nothing is left there') as string });
});
