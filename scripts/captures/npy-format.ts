import { FescueError } from '../../components/common/errors.ts';
import { dataTypes, type DataType, type Tensor } from '../../components/common/tensor.ts';

/** NumPy's type codes of the contract's data types, little-endian. */
export const npyTypeCodes: Readonly<Record<DataType, string>> = {
  UINT8: '|u1',
  INT16: '<i2',
  INT32: '<i4',
  INT64: '<i8',
  FLOAT16: '<f2',
  FLOAT32: '<f4',
  FLOAT64: '<f8',
};

export const npyMagic = Buffer.from([0x93, ...Buffer.from('NUMPY')]);

/** The data type of a type code; undefined when the agent has none. */
export function npyDataType(code: string): DataType | undefined {
  return dataTypes.find((dtype) => npyTypeCodes[dtype] === code);
}

const mostAxes = 64;

/**
 * What precedes the bytes of a tensor in a NumPy array file of format 1, filled up so that they begin at a multiple of 64.
 *
 * @throws FescueError `invalid-argument` when it has more axes than NumPy takes
 */
export function npyHeader({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): Buffer {
  if (shape.length > mostAxes) throw new FescueError('invalid-argument', `A tensor with ${shape.length} axes does not fit into a NumPy file, which takes at most ${mostAxes}.`);
  // A tuple of one needs its comma.
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${npyTypeCodes[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const start = npyMagic.length + 4;
  const header = `${text.padEnd(Math.ceil((start + text.length + 1) / 64) * 64 - start - 1)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([npyMagic, Buffer.from([1, 0]), length, Buffer.from(header, 'latin1')]);
}
