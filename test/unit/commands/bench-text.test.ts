import { expect, test } from 'vitest';
import { levelText, notesText, recommendationText, settingText } from '../../../scripts/commands/bench-text.ts';
import { ProgressLine } from '../../../scripts/commands/progress-line.ts';

const figures = { calls: 10, p50Ms: 0.01234, p90Ms: 1.2, p99Ms: 12.345, maxMs: 1234.5, perSecond: 100.4 };
const setting = {
  fescue: '0.1.0',
  device: { processor: 'A CPU', cpus: 4, memoryBytes: 4e9, node: '24.0.0' },
  model: { name: 'm.onnx', inputs: [{ name: 'x', dtype: 'FLOAT32', shape: [1, 2], bytes: 8 }, { name: 'y', dtype: 'INT64', shape: [], bytes: 8 }] },
  agent: { socket: null, pid: 7, intraOpThreads: 2, instances: 1 },
  durationSeconds: 5,
  rounds: 10,
  warmUpCalls: 100,
} as const;

test('a level is a table, with three digits that count and dashes for what is not known', () => {
  const text = levelText({
    concurrency: 8,
    sharedMemoryToBytes: 0.5,
    contenders: [
      { ...figures, name: 'in-process', cpuMsPerCall: 20, p50Ratio: 1, perSecondRatio: 1 },
      { ...figures, name: 'shared-memory', cpuMsPerCall: null, p50Ratio: null, perSecondRatio: null },
    ],
  });
  expect(text).toBe(`
8 callers at once
               p50 ms  p90 ms  p99 ms  max ms  per second  CPU ms/request  p50 ratio  throughput ratio
in process     0.0123    1.20    12.3    1235         100            20.0       1.00              1.00
shared memory  0.0123    1.20    12.3    1235         100               –          –                 –
p50 of shared memory / bytes: 0.500
`);
  expect(levelText({ concurrency: 1, sharedMemoryToBytes: null, contenders: [] })).toMatch(/^\nOne caller\n +p50 ms .*\n$/);
});

test('the setting names model, inputs and agent', () => {
  expect(settingText(setting)).toBe(`model     m.onnx
inputs    x FLOAT32 [1, 2], 8 bytes
          y INT64 [], 8 bytes
agent     of its own: IntraOpThreads 2, Instances 1
device    A CPU, 4 CPUs, 4000 MB, Node 24.0.0
measured  5 s each, in 10 rounds, after at most 100 calls
`);
  expect(settingText({ ...setting, agent: { ...setting.agent, socket: '/a.sock' } })).toMatch(/\nagent +on \/a\.sock, pid 7\n/);
  expect(settingText({ ...setting, agent: { ...setting.agent, socket: '/a.sock', pid: null } })).toMatch(/\nagent +on \/a\.sock\n/);
});

test('notes and recommendation', () => {
  expect(notesText([])).toBe('');
  expect(notesText(['One.', 'Two.'])).toBe('\n- One.\n- Two.\n');
  const settings = { intraOpThreads: 2, instances: 1 };
  const text = recommendationText({ tried: [{ ...settings, p50Ms: 20, perSecond: 50 }], callers: 8, margin: 0.05, latency: settings, throughput: settings, sharedMemory: null, reasons: ['Because.'] });
  expect(text).toBe(`
Recommended settings
IntraOpThreads  Instances  p50 ms, one caller  per second, 8 callers
             2          1                20.0                   50.0
- Because.
`);
});

test.each([
  [true, true, '\r\u001b[Kone\r\u001b[Ktwo\r\u001b[Kthree\n\r\u001b[K'],
  [false, true, 'one\ntwo\nthree\n'],
  [true, false, ''],
])('progress on a terminal: %s, wanted: %s', (isTTY, enabled, expected) => {
  let written = '';
  const line = new ProgressLine({ isTTY, write: (text) => void (written += text) }, enabled);
  line.show('one');
  line.show('two');
  line.tell('three');
  line.end();
  expect(written).toBe(expected);
});
