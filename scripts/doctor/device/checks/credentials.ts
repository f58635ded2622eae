import { FescueError } from '../../../../components/common/errors.ts';
import { CloudError } from '../../../cloud/cloud-error.ts';
import { madeUpKeyPrefix } from '../../../local-nucleus/credential-source.ts';
import type { Check, Verdict } from '../../check.ts';
import { splitMessage } from '../../split-message.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import type { DeviceContext, DeviceView } from '../device-view.ts';
import { askExchange, findExchange } from '../token-exchange.ts';

export const credentialCheck: Check<DeviceContext> = {
  name: 'credentials',
  title: 'The token exchange service gives credentials of the role',
  prerequisite: { step: 'note', line: 75, says: 'The agent takes its credentials from the token exchange service, and from nowhere else.' },
  meaning: 'Nothing reaches S3: captures wait on the disk.',
  after: ['greengrass', 'greengrass-running'],
  run: async (context) => {
    const exchange = await findExchange(context.device);
    if (exchange === undefined) return unasked(context.device);
    const given = await askExchange(exchange).catch(refusalOf);
    return given instanceof FescueError ? fail(given.message, remedy(context.device)) : judge(given, exchange.url, context);
  },
};

type Given = Awaited<ReturnType<typeof askExchange>>;

function refusalOf(error: unknown): FescueError {
  if (error instanceof FescueError) return error;
  throw error;
}

async function judge(credentials: Given, url: string, { device, subject, identify }: DeviceContext): Promise<Verdict> {
  const until = credentials.expiration.toISOString();
  if (credentials.expiration.getTime() <= Date.now()) return fail(`${url} gives credentials that expired at ${until}`, 'Set the clock of this device; see the check clock.');
  if (credentials.accessKeyId.startsWith(madeUpKeyPrefix)) return ok(`made-up ones of the local nucleus, until ${until}`);
  const region = subject.region ?? device.nucleus?.configuration?.region;
  if (region === undefined) return warning(`credentials until ${until}; whose they are is not known without a region`, 'Name it with --region.');
  const caller = await identify(credentials, region).catch(refusalOf);
  if (caller instanceof FescueError) return unidentified(caller, until, device);
  const { arn } = caller;
  const role = /:assumed-role\/([^/]+)\//.exec(arn)?.[1];
  if (subject.role !== undefined && role !== undefined && role !== subject.role) return fail(`${arn}, until ${until}; expected the role ${subject.role}`, `Let the role alias lead there: fescue setup --fleet ${subject.fleet ?? 'FLEET'} --role ${subject.role} --adopt --apply`);
  return ok(`${arn}, until ${until}`);
}

/** AWS knows them not, or could not be asked. */
function unidentified(error: FescueError, until: string, device: DeviceView): Verdict {
  const { problem, remedy: advice = 'See that AWS can be reached.' } = splitMessage(error.message);
  const isRefused = error instanceof CloudError && (error.fault === 'bad-credentials' || error.fault === 'expired-credentials');
  return isRefused ? fail(`credentials until ${until}, which AWS refuses: ${problem}`, remedy(device)) : warning(`credentials until ${until}; whose they are could not be asked: ${problem}`, advice);
}

function unasked({ nucleus }: DeviceView): Verdict {
  if (nucleus === undefined) return notApplicable('no Greengrass');
  if (nucleus.kind === 'lite') return notApplicable('nucleus lite lets only components ask', 'Look for "got AWS credentials": fescue logs dev.fescue.EdgeAgent --to lite');
  if (nucleus.configuration === undefined) return notApplicable('where the service is, is not known', 'Run fescue doctor as root (sudo -E).');
  if (nucleus.configuration.tokenExchangeUrl === undefined) return fail('the token exchange service does not run', 'Deploy a component that depends on aws.greengrass.TokenExchangeService, as dev.fescue.EdgeAgent does, to a device that is registered with a role alias.');
  return notApplicable('only components and the holder of the credentials of greengrass-cli may ask', 'Deploy aws.greengrass.Cli and run fescue doctor as root, or look for "got AWS credentials": fescue logs dev.fescue.EdgeAgent --to greengrass');
}

function remedy({ nucleus }: DeviceView): string {
  if (nucleus?.kind === 'local') return 'Start the local nucleus with other --credentials; its log greengrass.log says more.';
  return `See iotRoleAlias, iotCredEndpoint and the certificate of the nucleus, and ${nucleus === undefined ? 'greengrass.log' : `${nucleus.root}/logs/greengrass.log`}. fescue doctor --cloud checks the role alias and the role.`;
}
