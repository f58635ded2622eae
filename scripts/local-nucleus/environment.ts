import { randomInt } from 'node:crypto';
import { delimiter } from 'node:path';
import { builtInVersions } from './resolve.ts';

const tokenAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

// What a service manager would leave in a nucleus's environment. Everything else of a developer's shell, AWS_* first of
// all, would let a component work here that fails on a device.
const inheritedNames = /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|https?_proxy|all_proxy|no_proxy)$/i;

/** A component's secret, with which it proves to the nucleus which one it is. */
export function generateToken(): string {
  return Array.from({ length: 16 }, () => tokenAlphabet[randomInt(tokenAlphabet.length)]).join('');
}

/** The environment every step of a component starts with; `Setenv` of the recipe goes on top. */
export function componentEnvironment(request: {
  inherited: NodeJS.ProcessEnv;
  token: string;
  ipcSocket: string;
  /** Undefined for a component that does not depend on the token exchange service. */
  credentialsUrl: string | undefined;
  thingName: string;
  region: string;
}): Record<string, string> {
  const inherited = Object.entries(request.inherited).filter((entry): entry is [string, string] => inheritedNames.test(entry[0]) && entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    PATH: devicePath(request.inherited.PATH),
    SVCUID: request.token,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: request.token,
    ...(request.credentialsUrl === undefined ? {} : { AWS_CONTAINER_CREDENTIALS_FULL_URI: request.credentialsUrl }),
    AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: request.ipcSocket,
    AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH: request.ipcSocket,
    AWS_IOT_THING_NAME: request.thingName,
    AWS_REGION: request.region,
    AWS_DEFAULT_REGION: request.region,
    GGC_VERSION: builtInVersions['aws.greengrass.Nucleus'] ?? '',
    GG_ROOT_CA_PATH: '',
  };
}

// npm puts the checkout's programs on the search path, the pinned Node among them; a device has none of them.
function devicePath(path = '/usr/local/bin:/usr/bin:/bin'): string {
  const folders = path.split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin') && !folder.endsWith('node-gyp-bin'));
  return folders.join(delimiter);
}
