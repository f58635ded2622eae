import { FescueError } from '../../components/common/errors.ts';
import type { Caller, Cloud } from '../cloud/cloud.ts';
import type { Verdict } from './check.ts';
import { rememberCloud } from './remember-cloud.ts';
import { splitMessage } from './split-message.ts';
import { warning } from './verdict.ts';

/** Connects to AWS, with the credentials of the usual chain of AWS's tools. */
export type Connect = (options: { readonly region?: string | undefined; readonly profile?: string | undefined }) => Promise<Cloud>;

/** AWS, and who asks it; or why it cannot be asked. */
export type CloudAccess = { readonly cloud: Cloud; readonly caller: Caller } | { readonly cloud: undefined; readonly verdict: Verdict };

export async function openCloudAccess(connect: Connect, options: { readonly region: string | undefined; readonly profile: string | undefined }): Promise<CloudAccess> {
  let cloud: Cloud | undefined;
  try {
    cloud = rememberCloud(await connect(options));
    return { cloud, caller: await cloud.identity.caller() };
  } catch (error) {
    cloud?.close();
    if (!(error instanceof FescueError)) throw error;
    const { problem, remedy = 'See that AWS can be reached.' } = splitMessage(error.message);
    // What was asked goes without saying. A remedy may end with a command, after which nothing may come.
    const reason = problem.replace(/^sts:GetCallerIdentity of the AWS credentials: /, '');
    return { cloud: undefined, verdict: warning(`the account is not checked: ${reason}`, remedy.endsWith('.') ? `${remedy} Or leave the account out with --device.` : `Leave the account out with --device, or: ${remedy}`) };
  }
}
