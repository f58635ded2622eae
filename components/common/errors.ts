/** The ways a request can fail. Each has one gRPC status; see `wire.ts`. */
export type ErrorKind =
  | 'invalid-argument'
  | 'not-found'
  | 'already-exists'
  | 'failed-precondition'
  | 'resource-exhausted'
  | 'out-of-range'
  | 'unimplemented'
  | 'unavailable'
  | 'cancelled'
  | 'deadline-exceeded'
  | 'internal';

/**
 * The one error class of the product. Its message is written for the person who has to act on it: subject, what was
 * expected, what came, what to do. The `cause` is for the log, never for a client.
 */
export class FescueError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'FescueError';
    this.kind = kind;
  }
}

/** The text of anything thrown, without a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a system error with one of the given codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
