import { describe, expect, it } from 'vitest';
import { matchInputs } from '../../../components/agent/match-inputs.ts';
import type { TensorSpec } from '../../../components/common/tensor.ts';
import type { TensorMessage } from '../../../components/common/wire.ts';

const noSegments = (): never => {
  throw new Error('no input is in shared memory here');
};

const a: TensorSpec = { name: 'a', dtype: 'FLOAT32', shape: [1, 2] };
const b: TensorSpec = { name: 'b', dtype: 'INT64', shape: [-1, 3] };

function message(name: string | undefined, dataType: TensorSpec['dtype'], shape: number[], bytes: number): TensorMessage {
  return { tensorMetadata: { name: Buffer.from(name ?? ''), dataType, shape }, byteData: new Uint8Array(bytes) };
}

describe('matchInputs', () => {
  const accepted: [string, TensorMessage[], [number[], number[]]][] = [
    ['by name, in any order', [message('b', 'INT64', [2, 3], 48), message('a', 'FLOAT32', [1, 2], 8)], [[1, 2], [2, 3]]],
    ['by position without names', [message(undefined, 'FLOAT32', [1, 2], 8), message(undefined, 'INT64', [1, 3], 24)], [[1, 2], [1, 3]]],
    ['by position without metadata, dynamic axis from the bytes', [{ byteData: new Uint8Array(8) }, { tensorMetadata: null, byteData: new Uint8Array(72) }], [[1, 2], [3, 3]]],
    ['an empty dynamic axis', [message('a', 'FLOAT32', [1, 2], 8), message('b', 'INT64', [0, 3], 0)], [[1, 2], [0, 3]]],
  ];
  it.each(accepted)('takes inputs %s', (_, messages, shapes) => {
    const matched = matchInputs([a, b], messages, noSegments);
    expect(matched.map((tensor) => tensor.name)).toEqual(['a', 'b']);
    expect(matched.map((tensor) => tensor.shape)).toEqual(shapes);
  });

  const fine = message('b', 'INT64', [1, 3], 24);
  const refused: [string, TensorMessage[], RegExp][] = [
    ['a wrong dtype', [message('a', 'FLOAT64', [1, 2], 16), fine], /"a" expected FLOAT32 \[1, 2\], got FLOAT64 \[1, 2\]/],
    ['a wrong rank', [message('a', 'FLOAT32', [2], 8), fine], /expected FLOAT32 \[1, 2\], got FLOAT32 \[2\]/],
    ['a wrong length of an axis', [message('a', 'FLOAT32', [1, 3], 12), fine], /got FLOAT32 \[1, 3\]/],
    ['a negative axis', [message('a', 'FLOAT32', [1, 2], 8), message('b', 'INT64', [-1, 3], 24)], /got INT64 \[-1, 3\]/],
    ['too few bytes', [message('a', 'FLOAT32', [1, 2], 7), fine], /takes 8 bytes, got 7/],
    ['an unknown name', [message('c', 'FLOAT32', [1, 2], 8), fine], /no input "c"; its inputs are "a", "b"/],
    ['a missing input', [message('a', 'FLOAT32', [1, 2], 8)], /missing input "b" \(INT64 \[-1, 3\]\)/],
    ['a surplus input', [message('a', 'FLOAT32', [1, 2], 8), fine, fine], /expected 2 input tensors \("a", "b"\), got 3/],
    ['an input given twice', [fine, fine], /"b" was given twice/],
    ['no data', [{ tensorMetadata: null }, fine], /"a" carries no data/],
    ['bytes that fit no shape', [{ byteData: new Uint8Array(9) }, fine], /expected 8 bytes, got 9 bytes without metadata/],
  ];
  it.each(refused)('refuses %s', (_, messages, text) => {
    expect(() => matchInputs([a, b], messages, noSegments)).toThrow(expect.objectContaining({ kind: 'invalid-argument', message: expect.stringMatching(text) }));
  });

  it('compares names as bytes, so that two names that are no UTF-8 stay different', () => {
    const notUtf8: TensorMessage = { tensorMetadata: { name: Buffer.from([0xff, 0xfe]), dataType: 'FLOAT32', shape: [1, 2] }, byteData: new Uint8Array(8) };
    const replacement: TensorSpec = { ...a, name: '\ufffd\ufffd' };
    expect(() => matchInputs([replacement], [notUtf8], noSegments)).toThrow(/has no input/);
  });
});
