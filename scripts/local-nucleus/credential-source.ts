import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FescueError, messageOf } from '../../components/common/errors.ts';

/** Temporary credentials in the token exchange service's own keys; `Expiration` is ISO 8601. */
export type Credentials = { readonly AccessKeyId: string; readonly SecretAccessKey: string; readonly Token: string; readonly Expiration: string };

/** Gives the credentials a component gets when it asks now. */
export type CredentialSource = () => Promise<Credentials>;

/** What is not said about their life counts as one hour, as long as AWS IoT gives them. */
const defaultLifeSeconds = 3600;

/** How the key ids of made-up credentials begin. */
export const madeUpKeyPrefix = 'ASIADUMMY';

/**
 * Made-up credentials that AWS refuses, new at every request.
 *
 * @param lifeSeconds short, so that components have to refresh them
 */
export function generatedCredentials(lifeSeconds: number): CredentialSource {
  return async () => ({
    AccessKeyId: `${madeUpKeyPrefix}${randomBytes(6).toString('hex').toUpperCase().slice(0, 11)}`,
    SecretAccessKey: randomBytes(30).toString('base64'),
    Token: randomBytes(48).toString('base64'),
    Expiration: expiryAfter(lifeSeconds),
  });
}

/**
 * The credentials of the environment this process was started with.
 *
 * @throws FescueError `failed-precondition` when the environment has none
 */
export function environmentCredentials(environment: NodeJS.ProcessEnv): CredentialSource {
  const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey, AWS_SESSION_TOKEN: Token, AWS_CREDENTIAL_EXPIRATION: expiration } = environment;
  if (!AccessKeyId || !SecretAccessKey) {
    throw new FescueError('failed-precondition', 'The environment holds no AWS credentials: expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary ones. Set them, or use --credentials generated.');
  }
  return async () => ({ AccessKeyId, SecretAccessKey, Token: Token ?? '', Expiration: expiration ?? expiryAfter(defaultLifeSeconds) });
}

const credentialsFile = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().optional(),
  SessionToken: z.string().optional(),
  Expiration: z.iso.datetime({ offset: true }).optional(),
});

/** Credentials of a JSON file, read anew at every request. It takes what `aws configure export-credentials` prints. */
export function fileCredentials(path: string): CredentialSource {
  return async () => {
    const { AccessKeyId, SecretAccessKey, Token, SessionToken, Expiration } = await readCredentials(path);
    return { AccessKeyId, SecretAccessKey, Token: Token ?? SessionToken ?? '', Expiration: Expiration ?? expiryAfter(defaultLifeSeconds) };
  };
}

async function readCredentials(path: string): Promise<z.output<typeof credentialsFile>> {
  try {
    return credentialsFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // A JSON error quotes the text it stumbles over, which may be a secret.
    const reason = error instanceof z.ZodError ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ') : error instanceof SyntaxError ? 'it is no JSON' : messageOf(error);
    throw new FescueError('failed-precondition', `Credentials file ${path} cannot be used: ${reason}. Expected an object with AccessKeyId, SecretAccessKey, SessionToken and Expiration.`);
  }
}

function expiryAfter(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
