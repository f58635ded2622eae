import { z } from 'zod';
import type { AwsCredentials } from '../../../components/common/credentials.ts';
import { FescueError, messageOf } from '../../../components/common/errors.ts';
import { readCliInfo } from '../../deploy/cli-info.ts';
import type { DeviceView } from './device-view.ts';

const patienceMs = 20_000;

/** Where to ask for credentials, and by which token. */
export type Exchange = { readonly url: string; readonly token: string };

const answer = z.object({ AccessKeyId: z.string().min(1), SecretAccessKey: z.string().min(1), Token: z.string(), Expiration: z.coerce.date() });

/**
 * The token exchange service as a component finds it, or as the holder of the nucleus's command-line credentials does.
 *
 * @returns undefined where nobody but components can ask it
 * @throws FescueError `failed-precondition` when the command-line credentials may not be read
 */
export async function findExchange({ system: { environment }, nucleus }: DeviceView): Promise<Exchange | undefined> {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = environment;
  if (url !== undefined && token !== undefined) return { url, token };
  const served = nucleus?.configuration?.tokenExchangeUrl;
  const cli = nucleus === undefined || served === undefined ? undefined : await readCliInfo(nucleus.root);
  return served === undefined || cli === undefined ? undefined : { url: served, token: cli.token };
}

/**
 * Asks for credentials once.
 *
 * @throws FescueError `unavailable` with the reason; never with what the service sent, which may hold a secret
 */
export async function askExchange({ url, token }: Exchange): Promise<AwsCredentials & { readonly expiration: Date }> {
  const { status, text } = await get(url, token);
  if (status !== 200) throw new FescueError('unavailable', `${url} answered with status ${status}${meanings[status] ?? ''}`);
  const parsed = answer.safeParse(jsonOf(text));
  if (!parsed.success) throw new FescueError('unavailable', `${url} answered without credentials, as nucleus lite does when it cannot reach AWS`);
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = parsed.data;
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expiration: Expiration };
}

/** As the classic nucleus means them; others are those of AWS. */
const meanings: Readonly<Record<number, string>> = {
  403: ': it does not know the token, or AWS IoT refuses the role alias to this certificate',
  404: ': there is no such role alias, or nothing of this name here',
  500: ': it cannot reach AWS IoT, or what it gets cannot be used',
  504: ': AWS IoT does not answer in time',
};

async function get(url: string, token: string): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, { headers: { authorization: token }, redirect: 'error', signal: AbortSignal.timeout(patienceMs) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new FescueError('unavailable', `${url} does not answer: ${messageOf(cause)}`, { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
