import { readFile } from 'node:fs/promises';
import { type Client, createClient, createDefaultClientConfig } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { z } from 'zod';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { within } from '../../components/common/within.ts';
import { credentialsFileOf } from './command-line-credentials.ts';
import { storeAt } from './store.ts';

const connectTimeoutMs = 10_000;
const credentials = z.object({ cli_auth_token: z.string(), domain_socket_path: z.string() });

/**
 * Connects to the nucleus of a root as greengrass-cli does.
 *
 * @throws FescueError `failed-precondition` without credentials there, `unavailable` when nobody answers
 */
export async function connectAsCommandLine(root: string): Promise<Client> {
  const file = credentialsFileOf(storeAt(root).commandLineFolder, process.getuid?.() ?? 0);
  const { cli_auth_token: authToken, domain_socket_path: hostName } = await readCredentials(file);
  const client = createClient({
    ...createDefaultClientConfig(),
    hostName,
    connectTransform: async ({ message }) => ({ ...message, payload: JSON.stringify({ authToken }) }),
  });
  try {
    await within(connectTimeoutMs, client.connect(), () => new Error(`no answer within ${connectTimeoutMs / 1000} s`));
    return client;
  } catch (error) {
    await client.close();
    throw new FescueError('unavailable', `The nucleus on ${hostName} does not answer: ${messageOf(error)}.`, { cause: error });
  }
}

async function readCredentials(file: string): Promise<z.output<typeof credentials>> {
  try {
    return credentials.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError || error instanceof SyntaxError ? 'it holds something else than expected' : messageOf(error);
    throw new FescueError('failed-precondition', `The credentials of the command line in ${file} cannot be used: ${reason}. Start the nucleus, as the same user.`, { cause: error });
  }
}
