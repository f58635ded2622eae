import type { DiffLine } from './diff.ts';
import type { Action } from './action.ts';

/** What becomes of something in AWS. `leave`: it is not as setup makes it, but stricter or of others; `conflict`: nothing is done before a person has decided. */
export type Change = 'keep' | 'create' | 'change' | 'leave' | 'conflict' | 'delete';

export type Resource = 'role' | 'tags' | 'trust policy' | 'inline policy' | 'managed policy' | 'role alias' | 'bucket' | 'bucket encryption' | 'bucket access' | 'bucket versioning' | 'bucket policy' | 'thing group' | 'thing' | 'group member';

export type Step = {
  readonly change: Change;
  readonly resource: Resource;
  readonly name: string;
  /** What there is, or comes to be, and why; of a conflict, what to do. */
  readonly why: string;
  /** What becomes of a document. */
  readonly diff?: readonly DiffLine[];
  /** What AWS is told, in order; each may have been told before. None unless something is created, changed or deleted. */
  readonly actions: readonly Action[];
};

export function step(change: Change, [resource, name]: readonly [Resource, string], why: string, more: { readonly diff?: readonly DiffLine[]; readonly actions?: readonly Action[] } = {}): Step {
  return { change, resource, name, why, ...(more.diff === undefined ? {} : { diff: more.diff }), actions: more.actions ?? [] };
}

/** Whether anything is to be done. */
export function changes({ actions }: Step): boolean {
  return actions.length > 0;
}
