/** The two answers of an agent that doctor reads, taken apart by hand: the definitions they come from are files, and doctor's part for devices is a single one. */
import { Reader, wire } from '../../../components/common/protobuf.ts';

/** What grpc.health.v1 says of one service. */
export type Health = 'SERVING' | 'NOT_SERVING' | 'UNKNOWN' | 'SERVICE_UNKNOWN';

/** As ListModels tells it. */
export type LoadedModel = { readonly name: string; readonly url: string };

/** By their numbers. */
const statuses: readonly Health[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** HealthListResponse: a map of services. @throws FescueError `invalid-argument` when it is none */
export function healthOf(message: Buffer): ReadonlyMap<string, Health> {
  return new Map(
    fieldsOf(message, 1).map((entry): [string, Health] => {
      const status = fieldsOf(entry, 2)[0];
      return [textIn(entry, 1), statuses[status === undefined ? 0 : numberIn(status, 1)] ?? 'UNKNOWN'];
    }),
  );
}

/** ListModelsResponse. @throws FescueError `invalid-argument` when it is none */
export function modelsOf(message: Buffer): LoadedModel[] {
  return fieldsOf(message, 1).map((model) => ({ url: textIn(model, 1), name: textIn(model, 2) }));
}

/** The fields of a number that hold bytes. */
function fieldsOf(message: Buffer, number: number): Buffer[] {
  const found: Buffer[] = [];
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(number, wire.bytes)) found.push(reader.bytes());
    else reader.skip();
  }
  return found;
}

function textIn(message: Buffer, number: number): string {
  return fieldsOf(message, number).at(-1)?.toString('utf8') ?? '';
}

function numberIn(message: Buffer, number: number): number {
  let found = 0;
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(number, wire.varint)) found = reader.varint();
    else reader.skip();
  }
  return found;
}
