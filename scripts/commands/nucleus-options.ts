/** What the commands that run a local nucleus have in common. */
import { type Command, Option } from 'commander';
import { type CredentialSource, environmentCredentials, fileCredentials, generatedCredentials } from '../local-nucleus/credential-source.ts';
import type { NucleusEvent } from '../local-nucleus/nucleus.ts';
import { positiveNumber } from './arguments.ts';
import { progress, readable } from './components-run.ts';

export type NucleusCommandOptions = { thingName: string; region: string; credentials: string; credentialLife: number };

export function addNucleusOptions(command: Command): Command {
  return command
    .option('--thing-name <name>', 'AWS_IOT_THING_NAME of the components', 'local-nucleus')
    .option('--region <region>', 'AWS_REGION of the components', 'us-east-1')
    .option('--credentials <source>', 'what the token exchange service gives: generated, environment, or a JSON file with AccessKeyId, SecretAccessKey, SessionToken, Expiration', 'generated')
    .addOption(new Option('--credential-life <seconds>', 'life of generated credentials').argParser(positiveNumber).default(60));
}

/** @throws FescueError `failed-precondition` when the environment shall give credentials and has none */
export function credentialsFrom({ credentials, credentialLife }: NucleusCommandOptions): CredentialSource {
  if (credentials === 'generated') return generatedCredentials(credentialLife);
  return credentials === 'environment' ? environmentCredentials(process.env) : fileCredentials(credentials);
}

/** What agents report of themselves: `fescue fleet` shows it in a better way. */
const reportTopic = /^(?:\$aws\/|fescue\/fleet\/)/;

/** Messages to AWS IoT Core on stdout, without the agent's own reports; the rest on stderr. */
export function printEvent(event: NucleusEvent, quiet: boolean): void {
  if (event.kind === 'state') progress(`${event.component}: ${event.previous} -> ${event.state}${event.reason === undefined ? '' : ` (${event.reason})`}`);
  if (event.kind === 'note') progress(`nucleus: ${event.text}`);
  if (event.kind === 'log' && !quiet) progress(`[${event.component}] ${event.text}`);
  if (event.kind === 'iot-core' && !reportTopic.test(event.topic)) process.stdout.write(`${event.topic} ${readable(event.payload)}\n`);
}
