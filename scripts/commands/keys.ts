import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { FescueError } from '../../components/common/errors.ts';
import { makeIdentity } from '../packaging/certificates.ts';
import { wholeNumber } from './arguments.ts';
import { progress } from './components-run.ts';
import { formatPairs } from './table.ts';

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;

type KeysOptions = { out: string; days: number; json?: true };

/** Keys for signing model packages during development. */
export function keysCommand(): Command {
  const command = new Command('keys').description('Keys and certificates for signing model packages.').addHelpText(
    'after',
    `
Examples:
  fescue keys init
  fescue package model.onnx --name pets --version 1.0.0 --sign keys/signer.key.pem --cert keys/signer.pem
  fescue agent --trusted-certificates-path keys/ca.pem`,
  );
  command
    .command('init')
    .description('Make a development authority, and a signer with a certificate of it (Ed25519). In production keep the authority elsewhere.')
    .option('--out <folder>', 'receives ca.pem, ca.key.pem, signer.pem and signer.key.pem', 'keys')
    .addOption(new Option('--days <count>', "life of the signer's certificate").argParser(wholeNumber(1, authorityDays)).default(730))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  fescue keys init --out ~/fescue-keys --days 90')
    .action(initKeys);
  return command;
}

async function initKeys(options: KeysOptions): Promise<void> {
  const folder = resolve(options.out);
  const paths = { authority: join(folder, 'ca.pem'), authorityKey: join(folder, 'ca.key.pem'), signer: join(folder, 'signer.pem'), signerKey: join(folder, 'signer.key.pem') };
  const there = Object.values(paths).filter((path) => existsSync(path));
  if (there.length > 0) throw new FescueError('already-exists', `Keys are not overwritten, and there already is ${there.join(', ')}. Name another folder with --out, or remove what is no longer needed.`);
  // An hour back: the clock of a device may be behind.
  const notBefore = new Date(Date.now() - 60 * 60 * 1000);
  const until = (days: number): Date => new Date(Date.now() + days * dayMs);
  const authority = await makeIdentity({ commonName: 'Fescue development authority', authority: true, pathLength: 0, notBefore, notAfter: until(authorityDays) });
  const signer = await makeIdentity({ commonName: 'Fescue development signer', issuer: authority, notBefore, notAfter: until(options.days) });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(paths.authority, authority.certificatePem, { flag: 'wx' });
  await writeFile(paths.authorityKey, authority.keyPem, { flag: 'wx', mode: 0o600 });
  await writeFile(paths.signer, signer.certificatePem, { flag: 'wx' });
  await writeFile(paths.signerKey, signer.keyPem, { flag: 'wx', mode: 0o600 });
  const validTo = signer.certificate.notAfter.toISOString();
  process.stdout.write(options.json ? `${JSON.stringify({ ...paths, validTo })}\n` : formatPairs([['authority', paths.authority], ['authority key', paths.authorityKey], ['signer', paths.signer], ['signer key', paths.signerKey], ['valid to', validTo]]));
  progress(`Agents that should load models signed with these take TrustedCertificatesPath ${paths.authority}. Keep the keys out of version control.`);
}
