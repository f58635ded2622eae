import { expect, test } from 'vitest';
import type { Capture } from '../../../components/common/agent-client.ts';
import { FescueError } from '../../../components/common/errors.ts';
import { CaptureSender } from '../../../components/inference/capture-sender.ts';
import { type Answer, captureSink } from '../../helpers/capture-sink.ts';
import { useLogger } from '../../helpers/use-logger.ts';
import { eventually } from '../../helpers/use-agent.ts';

const capture = (id: string): Capture => ({ model: 'm', id, inputs: [], outputs: [] });

function useSender(how?: () => Answer): { sender: CaptureSender; sink: ReturnType<typeof captureSink>; lines: Record<string, unknown>[]; send: (...ids: string[]) => void } {
  const sink = captureSink(how);
  const { log, lines } = useLogger();
  const sender = new CaptureSender({ sink, log });
  const send = (...ids: string[]): void => ids.forEach((id) => sender.send(async () => capture(id)));
  return { sender, sink, lines, send };
}

test('sends captures and counts them', async () => {
  const { sender, sink, lines, send } = useSender();
  send('a', 'b');
  await sender.finish(10_000);
  expect(sink.captures.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(sender.counts).toEqual({ captured: 2, capturesRefused: 0, capturesSkipped: 0 });
  expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('four may be under way; the newest beyond is skipped, unprepared, and told once', async () => {
  const { sender, sink, lines, send } = useSender(() => 'wait');
  send('a', 'b', 'c', 'd', 'e', 'f');
  await eventually(() => sink.captures.length === 4, 'four captures');
  expect(sender.counts).toEqual({ captured: 0, capturesRefused: 0, capturesSkipped: 2 });
  sink.answer();
  await eventually(() => sender.counts.captured === 1, 'the first to be taken');
  send('g');
  await eventually(() => sink.captures.length === 5, 'the place to be taken');
  expect(sink.captures.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'g']);
  expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([{ underWay: 4, msg: expect.stringMatching(/^a capture was skipped/) as string }]);
});

test('a refusal is told once of its kind, and each is counted', async () => {
  const { sender, lines, send } = useSender(() => 'refuse');
  send('a', 'b', 'c');
  sender.send(() => Promise.reject(new FescueError('not-found', 'Model "m" is not loaded.')));
  await sender.finish(10_000);
  expect(sender.counts).toEqual({ captured: 0, capturesRefused: 4, capturesSkipped: 0 });
  expect(sender.refusals).toEqual({ 'resource-exhausted': 3, 'not-found': 1 });
  expect(lines).toHaveLength(2);
  expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', kind: 'resource-exhausted', reason: 'The buffer is full.' }));
  expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', kind: 'not-found', reason: 'Model "m" is not loaded.' }));
});

test('in the end, captures under way get their time', async () => {
  const { sender, sink, send } = useSender(() => 'wait');
  send('a');
  await eventually(() => sink.captures.length === 1, 'the capture');
  const finished = sender.finish(10_000);
  expect(sink.closed()).toBe(false);
  sink.answer();
  await finished;
  expect(sender.counts.captured).toBe(1);
  expect(sink.closed()).toBe(true);
});

test('and are given up when that is over', async () => {
  const { sender, lines, send } = useSender(() => 'wait');
  send('a', 'b');
  await sender.finish(10);
  expect(sender.counts).toEqual({ captured: 0, capturesRefused: 2, capturesSkipped: 0 });
  expect(lines[0]).toMatchObject({ level: 'warn', captures: 2, msg: 'captures under way are given up' });
});
