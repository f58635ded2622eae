import { FescueError } from '../common/errors.ts';
import type { MessageParts } from './message-parts.ts';

/**
 * Reads only the model alias (field 1) of a PredictRequest or CaptureDataRequest message, so that the agent can hand the
 * message on without touching its tensors. As protobuf has it, the last of several wins.
 *
 * @throws FescueError `invalid-argument` when the bytes are no protobuf message
 */
export function modelNameIn(message: MessageParts, method: 'Predict' | 'CaptureData'): string {
  try {
    return readModelName(message);
  } catch (error) {
    if (!(error instanceof FescueError)) throw error;
    throw new FescueError(error.kind, `${method}: the request is no ${method}Request message (${error.message}).`, { cause: error });
  }
}

function readModelName(message: MessageParts): string {
  let name = '';
  let position = 0;
  while (position < message.length) {
    const tag = readVarint(message, position);
    position = skipField(message, tag.value & 7, tag.next);
    if (tag.value === nameTag) {
      const length = readVarint(message, tag.next);
      name = message.text(length.next, position);
    }
  }
  return name;
}

/**
 * Where the bytes of the first tensor begin in a PredictRequest message; 0 when it has none. The message has been read
 * by `modelNameIn`.
 */
export function tensorDataOffset(message: MessageParts): number {
  const tensor = findField(message, { start: 0, end: message.length }, tensorTag);
  return (tensor === undefined ? undefined : findField(message, tensor, byteDataTag))?.start ?? 0;
}

/** The first length-delimited field of the given tag inside a part of the message; a damaged part has none. */
function findField(message: MessageParts, part: { start: number; end: number }, wanted: number): { start: number; end: number } | undefined {
  try {
    for (let position = part.start; position < part.end; ) {
      const tag = readVarint(message, position);
      const end = skipField(message, tag.value & 7, tag.next);
      if (tag.value === wanted) return { start: readVarint(message, tag.next).next, end };
      position = end;
    }
  } catch (error) {
    // The worker tells the client what is wrong with its tensor.
    if (!(error instanceof FescueError)) throw error;
  }
  return undefined;
}

/** Length-delimited fields: the alias and the tensors of a request, and the bytes of a tensor. */
const nameTag = (1 << 3) | 2;
const tensorTag = (2 << 3) | 2;
const byteDataTag = (4 << 3) | 2;

/** The position after the field's value. */
function skipField(message: MessageParts, wireType: number, position: number): number {
  const end = endOfField(message, wireType, position);
  if (end > message.length) throw malformed('a field runs past its end');
  return end;
}

function endOfField(message: MessageParts, wireType: number, position: number): number {
  switch (wireType) {
    case 0:
      return readVarint(message, position).next;
    case 1:
      return position + 8;
    case 2: {
      const length = readVarint(message, position);
      return length.next + length.value;
    }
    case 5:
      return position + 4;
    default:
      throw malformed(`wire type ${wireType}`);
  }
}

/** Values above 2^53 lose precision, which only lengths could suffer from, and those are then past the end anyway. */
function readVarint(message: MessageParts, start: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = message.at(start + index);
    if (byte === undefined) throw malformed('it ends inside a number');
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  throw malformed('a number is longer than ten bytes');
}

function malformed(problem: string): FescueError {
  return new FescueError('invalid-argument', problem);
}
