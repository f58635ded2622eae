import { FescueError } from '../../../components/common/errors.ts';
import { word } from './sdk-error.ts';

/**
 * The region to work in: the one that was named, that of the environment, or that of the profile, as the AWS command line
 * has it.
 *
 * @throws FescueError `invalid-argument` for a name that is none, `failed-precondition` when there is none
 */
export async function resolveRegion({ region, profile }: { region?: string | undefined; profile?: string | undefined }): Promise<string> {
  const found = region ?? (process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || (await regionOfProfile(profile)));
  if (!/^[a-z0-9]+(?:-[a-z0-9]+){0,5}$/.test(found)) throw new FescueError('invalid-argument', `${JSON.stringify(found.slice(0, 60))} is no AWS region: expected a name such as eu-west-1.`);
  return found;
}

async function regionOfProfile(profile: string | undefined): Promise<string> {
  const { STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(profile === undefined ? {} : { profile });
  try {
    return await client.config.region();
  } catch (error) {
    const named = profile ?? process.env['AWS_PROFILE'] ?? '';
    const why = named === '' ? '' : `: the profile ${word(named)} has none, or is not there`;
    throw new FescueError('failed-precondition', `The AWS region is not known${why}. Name it with --region, set AWS_REGION, or set it in the profile with aws configure set region.`, { cause: error });
  } finally {
    client.destroy();
  }
}
