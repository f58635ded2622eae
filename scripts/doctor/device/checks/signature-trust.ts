import { resolve } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import { nameOf, readTrustedCertificates } from '../../../../components/agent/certificate-chain.ts';
import { FescueError, hasCode } from '../../../../components/common/errors.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import type { DeployedAgent, DeviceContext } from '../device-view.ts';
import { notPermitted } from '../files.ts';

const dayMs = 24 * 60 * 60_000;
/** Time to issue another certificate and to bring it to the devices. */
const renewalDays = 30;

export const signatureTrustCheck: Check<DeviceContext> = {
  name: 'signature-trust',
  title: 'Certificates that may sign models are here, and valid',
  meaning: 'Signed models are refused; without trusted certificates, anybody who may deploy can bring a model.',
  run: async ({ device: { agent } }) => (agent.component === undefined ? notApplicable('no agent is known to be deployed here') : trustVerdict(agent, new Date())),
};

/** @param now for the dates of the certificates */
export function trustVerdict({ settings: { TrustedCertificatesPath, ModelSignature }, workFolder = '/' }: DeployedAgent, now: Date): Verdict {
  if (TrustedCertificatesPath === '') {
    if (ModelSignature === 'required') return fail('ModelSignature is required, and TrustedCertificatesPath is empty: the agent does not start', 'Name the certificates with TrustedCertificatesPath: docs/signing.md.');
    return notApplicable(`no certificate is trusted, so unsigned packages are loaded too (ModelSignature ${ModelSignature})`, 'fescue keys init makes an authority and a signer: docs/signing.md.');
  }
  const path = resolve(workFolder, TrustedCertificatesPath);
  const certificates = read(path);
  if (typeof certificates === 'string') return fail(certificates, 'Put the certificates there as PEM, or correct TrustedCertificatesPath: docs/signing.md.');
  const expired = certificates.find(({ validToDate }) => validToDate < now);
  const valid = certificates.filter(({ validFromDate, validToDate }) => validFromDate <= now && validToDate >= now);
  const renew = 'Issue another one, put it beside it, and restart the agent: docs/signing.md.';
  if (expired !== undefined) return fail(`${path}: "${nameOf(expired)}" has expired at ${expired.validToDate.toISOString()}`, renew);
  if (valid.length < certificates.length) return fail(`${path}: a certificate is not yet valid`, 'See the check clock, or issue one that is.');
  const soon = certificates.find(({ validToDate }) => validToDate.getTime() - now.getTime() < renewalDays * dayMs);
  if (soon !== undefined) return warning(`${path}: "${nameOf(soon)}" expires at ${soon.validToDate.toISOString()}`, renew);
  if (ModelSignature === 'off') return warning(`${path} holds ${certificates.length}, and ModelSignature is off: signatures are not looked at`, 'fescue deploy --set dev.fescue.EdgeAgent:/ModelSignature=required');
  return ok(`${certificates.map((certificate) => `"${nameOf(certificate)}" until ${certificate.validToDate.toISOString().slice(0, 10)}`).join(', ')}; ModelSignature ${ModelSignature}`);
}

/** @returns what is wrong with them, when there is something */
function read(path: string): X509Certificate[] | string {
  try {
    return readTrustedCertificates(path);
  } catch (error) {
    if (!(error instanceof FescueError)) throw error;
    if (hasCode(error.cause, 'EACCES', 'EPERM')) throw notPermitted(path, error);
    return error.message.replace(/\.$/, '');
  }
}
