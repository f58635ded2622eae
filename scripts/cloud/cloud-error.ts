import { FescueError, type ErrorKind } from '../../components/common/errors.ts';

/** Why AWS did not do what it was asked. */
export type CloudFault =
  | 'no-credentials'
  | 'expired-credentials'
  | 'bad-credentials'
  | 'access-denied'
  | 'throttled'
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'limit-exceeded'
  | 'wrong-region'
  | 'unreachable'
  | 'refused';

const kinds: Readonly<Record<CloudFault, ErrorKind>> = {
  'no-credentials': 'failed-precondition',
  'expired-credentials': 'failed-precondition',
  'bad-credentials': 'failed-precondition',
  'access-denied': 'failed-precondition',
  throttled: 'unavailable',
  'not-found': 'not-found',
  'already-exists': 'already-exists',
  conflict: 'failed-precondition',
  'limit-exceeded': 'resource-exhausted',
  'wrong-region': 'failed-precondition',
  unreachable: 'unavailable',
  refused: 'failed-precondition',
};

/** A call of AWS that failed, with its cause and remedy in the message. To ask for what is not there is no failure: that answers undefined. */
export class CloudError extends FescueError {
  readonly fault: CloudFault;
  /** The action in IAM's words, such as `iam:GetRole`; what a policy has to allow when access was denied. */
  readonly action: string;

  constructor(fault: CloudFault, action: string, message: string, options?: { cause?: unknown }) {
    super(kinds[fault], message, options);
    this.fault = fault;
    this.action = action;
  }
}
