import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentSettings } from '../../../../../components/agent/settings.ts';
import { parseSettings } from '../../../../../components/common/settings.ts';
import { trustVerdict } from '../../../../../scripts/doctor/device/checks/signature-trust.ts';
import { authority, chainOf, moments } from '../../../../helpers/signing.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

const day = 24 * 60 * 60_000;
const inDays = (days: number): Date => new Date(Date.now() + days * day);

async function verdictOf(pem: string | undefined, settings: object = {}): Promise<{ status: string; found: string }> {
  const folder = await temporaryFolder();
  if (pem !== undefined) await writeFile(join(folder, 'trust.pem'), pem);
  const { values } = parseSettings(agentSettings, { TrustedCertificatesPath: 'trust.pem', ...settings });
  return trustVerdict({ component: undefined, workFolder: folder, settings: values }, new Date());
}

test.each([
  [{ notAfter: inDays(365) }, {}, 'ok', /"CN=Test authority" until \d{4}-\d\d-\d\d; ModelSignature auto/],
  [{ notAfter: inDays(29) }, {}, 'warning', /"CN=Test authority" expires at/],
  [{ notBefore: moments.longAgo, notAfter: moments.yesterday }, {}, 'fail', /has expired at/],
  [{ notBefore: moments.tomorrow, notAfter: inDays(365) }, {}, 'fail', /is not yet valid/],
  [{ notAfter: inDays(365) }, { ModelSignature: 'off' }, 'warning', /signatures are not looked at/],
])('a certificate with %j and %j is %s', async (dates, settings, status, found) => {
  expect(await verdictOf(chainOf(await authority(dates)), settings)).toMatchObject({ status, found: expect.stringMatching(found) as string });
});

test('a path without certificates fails, and no path does not apply', async () => {
  expect(await verdictOf(undefined)).toMatchObject({ status: 'fail', found: expect.stringContaining('cannot be read') as string });
  expect(await verdictOf('nothing')).toMatchObject({ status: 'fail', found: expect.stringContaining('holds no certificate') as string });
  expect(await verdictOf(undefined, { TrustedCertificatesPath: '' })).toMatchObject({ status: 'n.a.' });
  expect(await verdictOf(undefined, { TrustedCertificatesPath: '', ModelSignature: 'required' })).toMatchObject({ status: 'fail' });
});
