import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictName } from '../../../components/agent/predict-name.ts';
import { FescueError } from '../../../components/common/errors.ts';
import { loadAgentService } from '../../../components/common/wire.ts';

const { Predict } = loadAgentService();

describe('predictName', () => {
  it('reads what the generated codec reads, wherever the tensors stand', () => {
    const request = fc.record({ name: fc.string(), tensors: fc.array(fc.uint8Array({ maxLength: 200 }).map((byteData) => ({ byteData }))) });
    fc.assert(
      fc.property(request, (message) => {
        expect(predictName(Predict.requestSerialize(message))).toBe(Buffer.from(message.name).toString());
      }),
    );
  });

  it('takes the last of several names', () => {
    const first = Predict.requestSerialize({ name: 'first', tensors: [] });
    const second = Predict.requestSerialize({ name: 'second', tensors: [{ byteData: new Uint8Array(3) }] });
    expect(predictName(Buffer.concat([first, second]))).toBe('second');
  });

  it('answers any bytes with a name or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          expect(typeof predictName(Buffer.from(bytes))).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(FescueError);
        }
      }),
    );
  });
});
