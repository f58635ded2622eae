import { expect, test } from 'vitest';
import { Scratch } from '../../../../components/agent/capture/scratch.ts';

test('copies stay what they are until they are cleared, also when the room has to grow', () => {
  const scratch = new Scratch();
  const source = Buffer.from('first');
  const copies = [scratch.copyOf(source)];
  source.fill(0);
  for (const size of [10, 1_000, 100_000, 0]) copies.push(scratch.copyOf(Buffer.alloc(size, size % 255)));
  expect(copies.map(({ length }) => length)).toEqual([5, 10, 1_000, 100_000, 0]);
  expect(copies[0]?.toString()).toBe('first');
  expect(copies.slice(1).every((copy) => copy.every((byte) => byte === copy.length % 255))).toBe(true);
});

test('room is used again, but for more than anybody needs twice', () => {
  const scratch = new Scratch();
  const [small, large] = [Buffer.alloc(1_000_000), Buffer.alloc(40 * 1024 * 1024)];
  const { buffer } = scratch.copyOf(small);
  scratch.clear();
  expect(scratch.copyOf(small).buffer).toBe(buffer);
  scratch.clear();
  const huge = scratch.copyOf(large).buffer;
  scratch.clear();
  expect(scratch.copyOf(small).buffer).not.toBe(huge);
});
