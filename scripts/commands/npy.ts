import { readFile } from 'node:fs/promises';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { type DataType, dataTypes, elementBytes, elementCount } from '../../components/common/tensor.ts';
import { npyDataType, npyMagic } from '../captures/npy-format.ts';

/**
 * Reads a NumPy array file (`.npy`, format 1 to 3).
 *
 * @throws FescueError `invalid-argument` when it is none, or of a type or order the agent does not take
 */
export async function readNpy(path: string): Promise<{ dtype: DataType; shape: number[]; bytes: Uint8Array }> {
  const file = await readFile(path).catch((error: unknown) => {
    throw new FescueError('not-found', `Tensor file ${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  });
  const refuse = (reason: string): never => {
    throw new FescueError('invalid-argument', `Tensor file ${path} cannot be used: ${reason}. Write it with numpy.save of a C-ordered array of ${dataTypes.join(', ')}.`);
  };
  if (!file.subarray(0, 6).equals(npyMagic) || file.length < 12) return refuse('it is no .npy file');
  const [start, headerLength] = file[6] === 1 ? [10, file.readUInt16LE(8)] : [12, file.readUInt32LE(8)];
  const header = file.toString('latin1', start, start + headerLength);
  const code = /'descr': *'([^']*)'/.exec(header)?.[1] ?? '';
  const dtype = npyDataType(code) ?? refuse(`its elements are "${code}"`);
  if (!/'fortran_order': *False/.test(header)) return refuse('it is in Fortran order');
  const shape = (/'shape': *\(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').filter((axis) => axis.trim() !== '').map(Number);
  const bytes = file.subarray(start + headerLength);
  const expected = elementCount(shape) * elementBytes[dtype];
  if (bytes.length !== expected) return refuse(`it holds ${bytes.length} bytes of elements, expected ${expected} for the shape [${shape.join(', ')}]`);
  return { dtype, shape, bytes };
}
