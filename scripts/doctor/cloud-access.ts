import { FescueError } from '../../components/common/errors.ts';
import type { AwsCredentials } from '../../components/common/credentials.ts';
import { CloudError } from '../cloud/cloud-error.ts';
import type { Caller, Cloud } from '../cloud/cloud.ts';
import type { CheckFacts, Verdict } from './check.ts';
import { splitMessage } from './split-message.ts';
import { fail, ok, warning } from './verdict.ts';

/** Connects to AWS; without credentials, by the usual chain of AWS's tools. */
export type Connect = (options: { readonly region?: string | undefined; readonly profile?: string | undefined; readonly credentials?: AwsCredentials | undefined }) => Promise<Cloud>;

/** What stands for all checks of the cloud when AWS cannot be asked. */
export const accessCheck: CheckFacts = {
  name: 'aws-credentials',
  title: 'AWS can be asked',
  meaning: 'Nothing in the account can be checked; the checks of the device can.',
};

export type CloudAccess = { readonly verdict: Verdict } & ({ readonly cloud: Cloud; readonly caller: Caller } | { readonly cloud: undefined });

/**
 * Connects to AWS, and asks who that is.
 *
 * @param wanted the account it has to be
 */
export async function openCloudAccess(connect: Connect, { region, profile, wanted }: { region: string | undefined; profile: string | undefined; wanted: string | undefined }): Promise<CloudAccess> {
  let cloud: Cloud | undefined;
  try {
    cloud = await connect({ region, profile });
    const caller = await cloud.identity.caller();
    if (wanted === undefined || wanted === caller.account) return { verdict: ok(caller.arn), cloud, caller };
    cloud.close();
    return { verdict: fail(`${caller.arn} is of account ${caller.account}; expected ${wanted}`, `Use credentials of ${wanted}, for example with --profile.`), cloud: undefined };
  } catch (error) {
    cloud?.close();
    if (!(error instanceof FescueError)) throw error;
    const { problem, remedy = 'See that AWS can be reached.' } = splitMessage(error.message);
    const reason = error instanceof CloudError && error.fault === 'no-credentials' ? 'no AWS credentials' : problem;
    return { verdict: warning(`the account is not checked: ${reason}`, `${remedy} fescue doctor --device leaves it out.`), cloud: undefined };
  }
}

/** The name of the role behind an alias; undefined when there is no such alias, or it may not be asked for. */
export async function roleBehind(cloud: Cloud, alias: string): Promise<string | undefined> {
  try {
    const found = await cloud.things.roleAlias(alias);
    return found?.roleArn.split('/').at(-1);
  } catch (error) {
    // The check of the role alias says why.
    if (error instanceof CloudError) return undefined;
    throw error;
  }
}
