import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { PredictInput } from '../../../components/common/agent-client.ts';
import { FescueError, type ErrorKind } from '../../../components/common/errors.ts';
import { TensorTransport } from '../../../components/inference/tensor-transport.ts';
import { segmentsOf } from '../../helpers/segments.ts';

const tensorOf = (length: number): Parameters<TensorTransport['send']>[0] => ({ name: 'x', dtype: 'UINT8', shape: [length], bytes: new Uint8Array(length).fill(length) });

function useTransport(threshold: number): { transport: TensorTransport; logged: string[] } {
  const logged: string[] = [];
  const transport = new TensorTransport({ threshold, log: pino({}, { write: (line: string) => void logged.push(line) }) });
  onTestFinished(() => transport.close());
  return { transport, logged };
}

/** Calls that answer with the way the tensor came, or refuse shared memory. */
const way = async (input: PredictInput): Promise<string> => ('shared' in input ? `segment of ${input.shared.size}` : `${input.bytes.length} bytes`);
const refusing = (kind: ErrorKind) => async (input: PredictInput): Promise<string> => {
  if ('shared' in input) throw new FescueError(kind, 'no shared memory here');
  return way(input);
};

test('small tensors go as bytes, large ones through one segment as long as their size stays', async () => {
  const { transport } = useTransport(100);
  const before = segmentsOf(process.pid).length;
  expect([await transport.send(tensorOf(99), way), await transport.send(tensorOf(100), way), await transport.send(tensorOf(100), way), await transport.send(tensorOf(200), way)]).toEqual(['99 bytes', 'segment of 100', 'segment of 100', 'segment of 200']);
  expect(segmentsOf(process.pid).length).toBe(before + 1);
  transport.close();
  expect(segmentsOf(process.pid).length).toBe(before);
});

test.each(['failed-precondition', 'invalid-argument', 'unimplemented', 'resource-exhausted'] as const)('%s makes it go as bytes for good', async (kind) => {
  const { transport, logged } = useTransport(1);
  expect(await transport.send(tensorOf(10), refusing(kind))).toBe('10 bytes');
  expect(await transport.send(tensorOf(10), way)).toBe('10 bytes');
  expect(logged.length).toBe(1);
});

test('a fault of the tensor itself is told once, and shared memory stays in use', async () => {
  const { transport, logged } = useTransport(1);
  const invalid = async (): Promise<never> => {
    throw new FescueError('invalid-argument', 'wrong shape');
  };
  await expect(transport.send(tensorOf(10), invalid)).rejects.toThrow('wrong shape');
  expect(await transport.send(tensorOf(10), way)).toBe('segment of 10');
  expect(logged).toEqual([]);
});

test('an agent that is gone is not a matter of shared memory', async () => {
  const { transport } = useTransport(1);
  await expect(transport.send(tensorOf(10), refusing('unavailable'))).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await transport.send(tensorOf(10), way)).toBe('segment of 10');
});
