import { FescueError, type ErrorKind } from '../../components/common/errors.ts';

/** Why a capture is not compared. */
export const skipReasons = {
  unreadable: 'the line or object cannot be read',
  'tensor-unreadable': 'a captured tensor cannot be read',
  'no-outputs': 'no outputs were captured',
  'inputs-differ': 'the captured inputs do not fit the model',
  'no-image': 'no image was captured',
  'image-unusable': 'the captured image cannot be prepared',
  'outputs-differ': 'the captured outputs do not fit the model',
  'model-failed': 'the model does not run on it',
} as const;

export type SkipReason = keyof typeof skipReasons;

/** A capture that is not compared. */
export type Skip = { readonly skip: SkipReason; readonly detail: string };

/** How one capture alone fails: what the store says of broken data, and a model of inputs it does not run on. */
const dataFailures: readonly ErrorKind[] = ['invalid-argument', 'not-found', 'failed-precondition'];
const runFailures: readonly ErrorKind[] = ['invalid-argument', 'internal'];

/** What is made, or why a capture is skipped for it. @throws FescueError for what concerns the other captures, too */
export async function orSkip<Value>(skip: SkipReason, make: () => Promise<Value>): Promise<Value | Skip> {
  try {
    return await make();
  } catch (error) {
    const kinds = skip === 'model-failed' ? runFailures : dataFailures;
    if (!(error instanceof FescueError && kinds.includes(error.kind))) throw error;
    return { skip, detail: error.message };
  }
}
