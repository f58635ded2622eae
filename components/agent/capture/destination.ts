import { FescueError } from '../../common/errors.ts';
import type { CaptureObject } from './captured-objects.ts';

/** Where captures are delivered to. */
export type Destination = {
  /** What it is called in logs: a path, or `s3://bucket`. */
  readonly name: string;
  /** The URL an object of that key has. */
  urlOf(key: string): string;
  /**
   * Delivers an object; one of the same key is replaced, and never seen in part.
   *
   * @throws DeliveryError, and anything once the signal is aborted: then the object is there or not
   */
  put(object: CaptureObject, signal: AbortSignal): Promise<void>;
};

/** Keys are made of checked names; this is the second lock on the same door. @throws DeliveryError */
export function checkKey(key: string): void {
  const isPath = key.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'));
  if (!isPath) throw new DeliveryError('rejected', `The key ${JSON.stringify(key)} leads elsewhere; expected names with slashes in between, none of them empty, . or ..`);
}

/**
 * Why an object could not be delivered. `unreachable`: nobody answers, or not now. `refused`: it answers that it takes
 * nothing, which somebody has to change. `rejected`: it takes others, but not this object.
 */
export type DeliveryFault = 'unreachable' | 'refused' | 'rejected';

export class DeliveryError extends FescueError {
  readonly fault: DeliveryFault;

  constructor(fault: DeliveryFault, message: string, options?: { cause?: unknown }) {
    super(fault === 'unreachable' ? 'unavailable' : 'failed-precondition', message, options);
    this.fault = fault;
  }
}
