import { FescueError } from '../../../../components/common/errors.ts';
import { CloudError } from '../../../cloud/cloud-error.ts';
import { madeUpKeyPrefix } from '../../../local-nucleus/credential-source.ts';
import type { Check, Verdict } from '../../check.ts';
import { splitMessage } from '../../split-message.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import type { DeviceContext, DeviceView } from '../device-view.ts';
import { asRoot } from '../files.ts';
import { targetFlags } from '../target-flags.ts';
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
  reconsider: (verdict, { subject: { role, fleet = 'FLEET' } }) => {
    const given = verdict.evidence?.role;
    if (given === undefined || role === undefined || given === role) return verdict;
    return fail(`${verdict.found}; expected the role ${role}`, `Let the role alias lead there: fescue setup --fleet ${fleet} --role ${role} --adopt --apply`);
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
  return { ...ok(`${arn}, until ${until}`), ...(role !== undefined && { evidence: { role } }) };
}

/** AWS knows them not, or could not be asked. */
function unidentified(error: FescueError, until: string, device: DeviceView): Verdict {
  const { problem, remedy: advice = 'See that AWS can be reached.' } = splitMessage(error.message);
  const isRefused = error instanceof CloudError && (error.fault === 'bad-credentials' || error.fault === 'expired-credentials');
  return isRefused ? fail(`credentials until ${until}, which AWS refuses: ${problem}`, remedy(device)) : warning(`credentials until ${until}; whose they are could not be asked: ${problem}`, advice);
}

function unasked(device: DeviceView): Verdict {
  const { nucleus } = device;
  if (nucleus === undefined) return notApplicable('no Greengrass');
  if (nucleus.kind === 'lite') return notApplicable('nucleus lite lets only components ask', `Look for "got AWS credentials": fescue logs dev.fescue.EdgeAgent${targetFlags(device)}`);
  if (nucleus.configuration === undefined) return notApplicable('where the service is, is not known', asRoot);
  if (nucleus.configuration.tokenExchangeUrl === undefined) return fail('the token exchange service does not run', 'Deploy a component that depends on aws.greengrass.TokenExchangeService, as dev.fescue.EdgeAgent does, to a device that is registered with a role alias.');
  return notApplicable('only components and the holder of the credentials of greengrass-cli may ask', `Deploy aws.greengrass.Cli and run fescue doctor as root, or look for "got AWS credentials": fescue logs dev.fescue.EdgeAgent${targetFlags(device)}`);
}

function remedy({ nucleus }: DeviceView): string {
  if (nucleus?.kind === 'local') return 'Start the local nucleus with other --credentials; its log greengrass.log says more.';
  return `See iotRoleAlias, iotCredEndpoint and the certificate of the nucleus, and ${nucleus === undefined ? 'greengrass.log' : `${nucleus.root}/logs/greengrass.log`}. fescue doctor --cloud checks the role alias and the role.`;
}
