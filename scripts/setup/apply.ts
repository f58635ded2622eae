import { FescueError, messageOf } from '../../components/common/errors.ts';
import { pause } from '../../components/common/pause.ts';
import { CloudError, type CloudFault } from '../cloud/cloud-error.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { perform, type Action } from './action.ts';
import { changes, type Step } from './step.ts';

export type ApplyOptions = {
  readonly cloud: Cloud;
  /** Ends it after the call that is under way. */
  readonly signal: AbortSignal;
  /** @param text one line on what is being done */
  readonly tell: (text: string) => void;
  /** Between attempts; the default waits that long. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/** A role that was made a moment ago is not known everywhere in AWS yet. Half a minute, which is several times what it usually takes. */
const waitsMs = [1000, 2000, 3000, 4000, 5000, 5000, 5000, 5000];
const maybeTooEarly: readonly CloudFault[] = ['refused', 'not-found'];

/**
 * Does what the steps say, in their order. Whatever ends it, the same plan made anew goes on where it ended.
 *
 * @throws FescueError on the first call that fails, and when it is interrupted, with what is done
 */
export async function applySteps(steps: readonly Step[], options: ApplyOptions): Promise<void> {
  const due = steps.filter(changes);
  const isNewRole = due.some(({ actions }) => actions.some(({ call }) => call === 'create role'));
  for (const [index, step] of due.entries()) {
    const title = titleOf(step);
    options.tell(`[${index + 1}/${due.length}] ${title}`);
    let performed = 0;
    try {
      for (const action of step.actions) {
        await performPatiently(action, { ...options, isNewRole });
        performed += 1;
      }
    } catch (error) {
      throw withProgress(error, { title, done: [...due.slice(0, index).map(titleOf), ...(performed === 0 ? [] : [`a part of ${title}`])] });
    }
  }
}

function titleOf({ change, resource, name }: Step): string {
  return `${change} ${resource} ${name}`;
}

async function performPatiently(action: Action, { cloud, signal, tell, wait = pause, isNewRole }: ApplyOptions & { isNewRole: boolean }): Promise<void> {
  const usesRole = action.call === 'create alias' || action.call === 'point alias';
  for (let attempt = 0; ; attempt++) {
    if (signal.aborted) throw new FescueError('cancelled', 'Interrupted.');
    try {
      await perform(action, { cloud, roleArn: (role) => arnOf(cloud, role) });
      return;
    } catch (error) {
      const waitMs = waitsMs[attempt];
      if (!usesRole || waitMs === undefined || !isTooEarly(error, isNewRole)) throw error;
      tell(`  AWS does not take role ${action.role} yet; asking again in ${waitMs / 1000} s`);
      await wait(waitMs, signal);
    }
  }
}

async function arnOf({ roles }: Cloud, role: string): Promise<string> {
  const found = await roles.get(role);
  if (found === undefined) throw new CloudError('not-found', 'iam:GetRole', `iam:GetRole of role ${role}: it is not there. Run the same command again.`);
  return found.arn;
}

/** Of a role that was there before, access may well be denied for good. */
function isTooEarly(error: unknown, isNewRole: boolean): boolean {
  return error instanceof CloudError && (maybeTooEarly.includes(error.fault) || (isNewRole && error.fault === 'access-denied'));
}

/** Others than ours are mistakes of the program, and keep their stack. */
function withProgress(error: unknown, { title, done }: { title: string; done: readonly string[] }): unknown {
  if (!(error instanceof FescueError)) return error;
  const doneText = done.length === 0 ? 'Nothing was changed before it.' : `Done before it: ${done.join(', ')}.`;
  return new FescueError(error.kind, `${title}: ${messageOf(error)}\n${doneText} The same command goes on from there.`, { cause: error });
}
