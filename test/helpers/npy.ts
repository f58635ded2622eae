/** The bytes of a NumPy file. */
export function npyOf(array: { descr: string; shape: string; data: Uint8Array; fortran?: boolean; major?: 1 | 2 }): Uint8Array {
  const header = Buffer.from(`{'descr': '${array.descr}', 'fortran_order': ${array.fortran ? 'True' : 'False'}, 'shape': ${array.shape}, }\n`);
  const length = Buffer.alloc(array.major === 2 ? 4 : 2);
  if (array.major === 2) length.writeUInt32LE(header.length);
  else length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY'), Buffer.from([array.major ?? 1, 0]), length, header, array.data]);
}
