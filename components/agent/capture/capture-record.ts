/** A capture as it waits in the spool: a header, a description in JSON, and the bytes of its tensors and data, one after the other. */
import { crc32 } from 'node:zlib';
import { FescueError } from '../../common/errors.ts';
import type { DataType } from '../../common/tensor.ts';
import type { Encoding } from '../../common/wire.ts';

export type TensorPart = { readonly name: string; readonly dtype: DataType; readonly shape: readonly number[]; readonly bytes: number };
export type AuxiliaryPart = { readonly name: string; readonly encoding: Encoding; readonly bytes: number };

/** What is known of a capture besides its bytes. The parts are in the order of the payload. */
export type CaptureDescription = {
  readonly id: string;
  /** 32 hex digits by which the objects of this capture are named. */
  readonly uid: string;
  readonly model: string;
  /** Of the model's package; empty for a bare file. */
  readonly version: string;
  /** When the prediction was made, in milliseconds since 1970. */
  readonly atMs: number;
  readonly inputs: readonly TensorPart[];
  readonly outputs: readonly TensorPart[];
  readonly auxiliaryInputs: readonly AuxiliaryPart[];
  readonly auxiliaryOutputs: readonly AuxiliaryPart[];
};

/** A capture to be stored. */
export type NewCapture = {
  readonly description: CaptureDescription;
  /** The description as it is stored. */
  readonly descriptionText: Buffer;
  /** The bytes, in any number of pieces; views that only hold until the capture is stored. */
  readonly payload: readonly Uint8Array[];
  /** 0 to 9; the higher, the more it is worth. */
  readonly priority: number;
  readonly acceptedMs: number;
};

/** A capture that was read back. */
export type StoredCapture = { readonly description: CaptureDescription; readonly payload: Buffer };

/** The fixed part in front of each record. */
export type RecordHeader = {
  readonly sequence: number;
  readonly priority: number;
  readonly acceptedMs: number;
  readonly descriptionBytes: number;
  readonly payloadBytes: number;
};

export const magic = Buffer.from('FSC1');
/** Magic, two checksums, two lengths, priority, sequence (48 bits), acceptance (a double). */
export const headerBytes = 40;
const at = { magic: 0, headChecksum: 4, payloadChecksum: 8, descriptionBytes: 12, payloadBytes: 16, priority: 20, sequence: 24, acceptedMs: 32 } as const;
/** Longer ones are no descriptions. */
const longestDescription = 64 * 1024 * 1024;

/** Bytes the record of a capture takes. */
export function recordBytes({ descriptionText, payload }: NewCapture): number {
  return payload.reduce((sum, { length }) => sum + length, headerBytes + descriptionText.length);
}

/** @returns the record in pieces; those of the payload are the capture's own */
export function recordPieces({ descriptionText: text, payload, priority, acceptedMs }: NewCapture, sequence: number): Uint8Array[] {
  const head = Buffer.alloc(headerBytes);
  magic.copy(head, at.magic);
  head.writeUInt32LE(payload.reduce((sum, piece) => crc32(piece, sum), 0), at.payloadChecksum);
  head.writeUInt32LE(text.length, at.descriptionBytes);
  head.writeUInt32LE(payload.reduce((sum, { length }) => sum + length, 0), at.payloadBytes);
  head.writeUInt32LE(priority, at.priority);
  head.writeUIntLE(sequence, at.sequence, 6);
  head.writeDoubleLE(acceptedMs, at.acceptedMs);
  head.writeUInt32LE(headChecksum(head, text), at.headChecksum);
  return [head, text, ...payload];
}

/** @param head at least `headerBytes` of a record @returns undefined when no record begins there */
export function readHeader(head: Buffer): RecordHeader | undefined {
  if (head.length < headerBytes || !head.subarray(0, magic.length).equals(magic)) return undefined;
  const descriptionBytes = head.readUInt32LE(at.descriptionBytes);
  if (descriptionBytes > longestDescription) return undefined;
  return {
    sequence: head.readUIntLE(at.sequence, 6),
    priority: head.readUInt32LE(at.priority),
    acceptedMs: head.readDoubleLE(at.acceptedMs),
    descriptionBytes,
    payloadBytes: head.readUInt32LE(at.payloadBytes),
  };
}

/** @param head of the record, with its description @returns undefined when they are damaged */
export function readDescription(head: Buffer, { descriptionBytes }: RecordHeader): CaptureDescription | undefined {
  const text = head.subarray(headerBytes, headerBytes + descriptionBytes);
  if (text.length < descriptionBytes || headChecksum(head, text) !== head.readUInt32LE(at.headChecksum)) return undefined;
  return JSON.parse(text.toString('utf8')) as CaptureDescription;
}

/** @param record all of it @throws FescueError `internal` when it is damaged */
export function readRecord(record: Buffer): StoredCapture {
  const header = readHeader(record);
  const description = header === undefined ? undefined : readDescription(record, header);
  if (header === undefined || description === undefined) throw new FescueError('internal', 'its header is damaged');
  const payload = record.subarray(headerBytes + header.descriptionBytes);
  if (payload.length !== header.payloadBytes || crc32(payload) !== record.readUInt32LE(at.payloadChecksum)) throw new FescueError('internal', 'its bytes are not those that were written');
  return { description, payload };
}

export function recordLength({ descriptionBytes, payloadBytes }: RecordHeader): number {
  return headerBytes + descriptionBytes + payloadBytes;
}

/** Of everything in the header behind it, and of the description. */
function headChecksum(head: Buffer, text: Buffer): number {
  return crc32(text, crc32(head.subarray(at.payloadChecksum, headerBytes)));
}
