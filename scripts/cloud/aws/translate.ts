import { FescueError } from '../../../components/common/errors.ts';
import { printable } from '../../commands/printable.ts';
import type { CloudFault } from '../cloud-error.ts';
import { cloudError, type CloudCall, type Detail } from '../explain.ts';
import { denialOf } from './denial.ts';
import { findingOf, type Finding } from './fault-table.ts';
import { isDistrust, sdkFacts, word, type SdkFacts } from './sdk-error.ts';

/** Where calls go, as far as messages tell it. */
export type Place = { readonly region: string; readonly profile?: string | undefined };

/** Of AWS's own words, in a message. */
const mostQuoted = 200;

/** Faults whose reason only AWS's own words tell. They name things of the account, and never what signs a request. */
const quoted: ReadonlySet<CloudFault> = new Set(['not-found', 'conflict', 'limit-exceeded', 'refused']);

/** What anything thrown by the AWS SDK means for the person who asked. The original stays as the cause. */
export function translate(error: unknown, call: CloudCall, place: Place): FescueError {
  if (error instanceof FescueError) return error;
  const facts = sdkFacts(error);
  const finding = credentialFinding(facts, place) ?? clockFinding(facts) ?? findingOf(facts.code) ?? inUseFinding(facts) ?? networkFinding(facts, place) ?? answerFinding(facts);
  const detail: Detail = { problem: finding.problem, remedy: finding.remedy, cause: error };
  if (finding.fault === 'access-denied') return denied(facts, call, detail);
  if (finding.fault === 'wrong-region' && finding.problem === undefined) return cloudError('wrong-region', call, { ...detail, problem: `it is not in the region ${place.region}` });
  return cloudError(finding.fault, call, { ...detail, ...(quoted.has(finding.fault) ? { quote: quote(facts.message) } : {}) });
}

function credentialFinding({ code, message }: SdkFacts, place: Place): Finding | undefined {
  if (code !== 'CredentialsProviderError' && code !== 'TokenProviderError') return undefined;
  const profile = place.profile ?? (process.env['AWS_PROFILE'] || undefined);
  const option = profile === undefined ? '' : ` --profile ${word(profile)}`;
  if (/sso.*(?:expired|invalid|not found|refresh)|(?:expired|invalid|refresh).*sso/i.test(message)) return { fault: 'expired-credentials', problem: 'the session of AWS IAM Identity Center (SSO) has ended', remedy: `Sign in again: aws sso login${option}` };
  if (/expired/i.test(message)) return { fault: 'expired-credentials' };
  if (profile === undefined) return { fault: 'no-credentials' };
  return { fault: 'no-credentials', problem: `no AWS credentials were found for the profile ${word(profile)}`, remedy: `Use one of the profiles that aws configure list-profiles shows, or sign in, as with aws configure sso --profile ${word(profile)}` };
}

/** Services tell a wrong clock as a signature that is wrong. */
function clockFinding({ code, message }: SdkFacts): Finding | undefined {
  return /^(?:InvalidSignature|SignatureDoesNotMatch)$/.test(code) && /signature (?:expired|not yet current)/i.test(message) ? findingOf('RequestTimeTooSkewed') : undefined;
}

/** IoT Core has no code of its own for what is in use. */
function inUseFinding({ code, message }: SdkFacts): Finding | undefined {
  if (code !== 'InvalidRequest' || !/still (?:attached|child)/i.test(message)) return undefined;
  return { fault: 'conflict', problem: 'something is attached to it, or below it', remedy: 'Remove that first.' };
}

function networkFinding({ systemCode, code, host, status, message }: SdkFacts, { region }: Place): Finding | undefined {
  if (status !== 0) return undefined;
  if (isDistrust(systemCode)) return { fault: 'unreachable', problem: `the certificate of the server is not trusted (${word(systemCode)})`, remedy: 'Set NODE_EXTRA_CA_CERTS to the file of its authority, as where a proxy looks into connections.' };
  if (systemCode === 'ENOTFOUND') return { fault: 'unreachable', problem: `there is no server ${word(host ?? 'of this name')}`, remedy: `Check the network and its name servers, and whether the region ${region} is spelt right and has this service.` };
  if (systemCode !== '' || code === 'TimeoutError' || code === 'EndpointError' || message === 'aborted') return { fault: 'unreachable', problem: `AWS does not answer (${word(systemCode || code)})` };
  return undefined;
}

/** By the status: of codes that are not known here, of answers without one, and of what cannot be read. */
function answerFinding({ code, status }: SdkFacts): Finding {
  const said = `${status === 0 ? '' : `${status} `}${word(code)}`;
  if (status === 429) return { fault: 'throttled' };
  if (status >= 500) return { fault: 'unreachable', problem: `AWS is out of order (${said})`, remedy: 'Try again later; https://health.aws.amazon.com tells of disturbances.' };
  if (code === 'SyntaxError' || code === 'Error') return stranger(said);
  if (status === 401 || status === 403) return { fault: 'access-denied' };
  if (status === 413) return { fault: 'limit-exceeded' };
  return code.startsWith('Unknown') ? stranger(said) : { fault: 'refused', problem: `AWS answers ${said}` };
}

function stranger(said: string): Finding {
  return { fault: 'unreachable', problem: `something answers that is not AWS (${said})`, remedy: 'Check proxies, and AWS_ENDPOINT_URL if it is set.' };
}

function denied({ message }: SdkFacts, call: CloudCall, detail: Detail): FescueError {
  const { action = call.action, policy, isExplicit } = denialOf(message);
  const problem = isExplicit ? `access is denied by ${policy ?? 'a policy'}` : policy === undefined ? unexplained(call) : `access is denied: ${policy} does not allow it`;
  const remedy = isExplicit ? `A statement there denies ${action}; whoever manages it has to take that out.` : undefined;
  return cloudError('access-denied', { action, subject: call.subject }, { ...detail, problem, remedy });
}

/** S3 explains nothing to other accounts. */
function unexplained({ action }: CloudCall): string | undefined {
  return action.startsWith('s3:') ? 'access is denied, as to buckets of other accounts' : undefined;
}

/** The words of a server, which may be any, in one line and not many. */
function quote(message: string): string | undefined {
  const line = printable(message.replaceAll(/\s+/g, ' ').trim());
  return line === '' || line === 'UnknownError' ? undefined : line.length > mostQuoted ? `${line.slice(0, mostQuoted)}…` : line;
}
