import { allChecks, type SidedCheck } from './all-checks.ts';
import type { CheckFacts, Prerequisite } from './check.ts';
import type { Side } from './report.ts';

const sides: Readonly<Record<Side, string>> = { device: 'the device', cloud: 'the account' };

const overSsh = `## A device over ssh

With \`--host user@host\` the checks of the device run there, and those of the account here, with the credentials of this machine and
the names that the device gave. It takes no checkout on the device:

- \`ssh user@host true\` has to work without a question. Ports and keys belong in \`~/.ssh/config\`.
- A user who is not root goes through \`sudo -n\`. Where sudo asks for a password, the checks run as that user, a line on standard error
  says so, and what only root may read is not checked.
- They run on a \`node\` from 20 on in the PATH, else on that of \`dev.fescue.Runtime\`. Without one, \`runtime\` fails and the others
  wait for it. The latter belongs to the user of the components, and with sudo it runs as root: where these users are not to be
  trusted that far, log in as one without sudo.
- What runs there is one program of 1 MB. It comes over the connection and stays in memory: nothing is written on the device, and
  an interruption ends it within a second or so.
- \`clock\` compares with AWS; where the device does not reach AWS, with this machine.

\`--root\`, \`--socket\` and \`--recipe-dir\` are paths of the device, and remedies are for the device, too, but for \`fescue\`, whose \`--to\`,
\`--root\` and \`--host\` they name. \`--cloud --host\` takes the names from the device and checks the account alone.`;

const json = `## JSON

\`--json\` prints one object:

| Field | |
|---|---|
| \`version\` | 1; another one when readers have to change |
| \`fescue\` | version of Fescue |
| \`host\` | as \`--host\` names it; absent when it is this machine |
| \`subject\` | by name (\`thing\`, \`fleet\`, \`group\`, \`role\`, \`roleAlias\`, \`bucket\`, \`prefix\`, \`region\`, \`account\`): \`value\`, and \`origin\` in words; absent when it is not known |
| \`nucleus\` | \`kind\` (\`classic\`, \`lite\`, \`local\`), \`root\`, \`version\`; null without one, absent when there is no Node on the device to tell |
| \`checks\` | in the order they ran: \`name\`, \`title\`, \`side\` (\`device\`, \`cloud\`), \`status\`, \`found\`, \`remedy\`, \`prerequisite\` with \`step\` (\`1\` to \`6\`, or \`note\`), \`line\` and \`says\` |
| \`summary\` | how many are \`ok\`, \`warning\`, \`fail\`, \`n.a.\` |

Names of checks and fields stay; texts may change.`;

/** The text of `docs/doctor.md`. */
export function doctorPage(): string {
  return `<!-- Rendered from the tables of checks by \`npm run render\`; edits here are overwritten. -->

# Checking a device and its account

\`fescue doctor\` checks what models on Greengrass need: each of the prerequisites of Edge Manager on Greengrass V2, and what Fescue
needs besides.

\`\`\`sh
sudo -E npx fescue doctor --device                            # on a device
fescue doctor --host pi@camera-4                              # a device without a checkout, over ssh, and its account
fescue doctor --cloud --fleet lobby --thing camera-4          # from a laptop: the account alone
fescue doctor --only runtime,socket,agent
fescue doctor --list                                          # every check, and none is run
\`\`\`

| Status | |
|---|---|
| \`ok\` | As it should be. |
| \`warning\` | It works, and will not for long or for everything; or it could not be checked, and then the line says what that takes, such as \`needs iam:GetRole\`. |
| \`fail\` | It does not work. |
| \`n.a.\` | It does not apply here, or waits for another check that failed. |

Below each check that is not \`ok\` there is what to do, and which line of the prerequisites asks for it. Exit codes: 0 nothing
failed, 1 something failed, 2 bad usage, or the device at \`--host\` could not be examined, or \`--cloud\` was given and AWS cannot be
asked. Without credentials of AWS the device is checked all the same, and \`aws-credentials\` is a warning.

${overSsh}

## What is examined

Each name is taken from the first place that has it, and the output says from which:

| | Flag | Then |
|---|---|---|
| Thing | \`--thing\` | the configuration of the nucleus, \`DeviceName\` of the agent, \`AWS_IOT_THING_NAME\` |
| Fleet, and its thing group | \`--fleet\` | \`DeviceFleetName\` of the agent |
| Role alias | \`--role-alias\` | the configuration of the nucleus, the name that \`fescue setup\` gives |
| Role | \`--role\` | the role behind the role alias, the name that \`fescue setup\` gives |
| Bucket | \`--bucket\` | \`BucketName\` of the agent, the name that \`fescue setup\` gives |
| Region | \`--region\` | the configuration of the nucleus, \`AwsRegion\` of the agent, \`AWS_REGION\`, \`AWS_DEFAULT_REGION\`, the profile |
| Account | \`--account\` | whichever the credentials are of |

The nucleus is the one at \`--root\`, \`GG_ROOT\` or \`GGC_ROOT_PATH\`; else the classic one in \`/greengrass/v2\`, nucleus lite by its
\`/etc/greengrass\`, or the local nucleus in \`build/nucleus\` of this checkout. Only root may read the configuration of the classic one; it is taken from
\`config/config.tlog\`, for \`effectiveConfig.yaml\` is only written when the nucleus starts and stops. What nucleus lite was configured
with is in a database of its own that is not read: there the defaults in the recipe count.

\`credentials\` asks the token exchange service as greengrass-cli is known to it, with the file that \`aws.greengrass.Cli\` lays down for root,
or, within a component, with what the component was given. Credentials are never shown; STS says whose they are.

## Two ways to judge the role

A role that \`fescue setup\` made has the tag \`fescue:policies\`. With \`least-privilege\` it is judged by what Fescue needs: what the
prerequisites ask for beyond that is \`n.a.\`, with what is there in its place. With \`as-documented\`, and without the tag, it is
judged by the prerequisites. \`--least-privilege\` and \`--as-documented\` overrule the tag.

## Policies of AWS IoT

What a device may do is decided by the IoT policies of its certificate and of the thing groups it is in, with those above them.
\`alias-rights\` and \`heartbeat-rights\` evaluate them for each active certificate of the thing, with its name as client id. AWS IoT takes
\`*\` and \`?\` for wildcards there; \`+\` and \`#\` are characters.

${json}

## The checks

Steps and lines are those of *Prerequisites* in the documentation of Edge Manager on Greengrass V2.

${groups().map(([title, checks]) => `### ${title}\n\n${checks.map(checkText).join('\n')}`).join('\n')}`;
}

function groups(): [title: string, checks: SidedCheck[]][] {
  const byStep = Map.groupBy(allChecks, ({ check }) => check.prerequisite?.step ?? 'own');
  return [...byStep].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([step, checks]) => [titleOf(step), checks]);
}

function titleOf(step: string): string {
  if (step === 'own') return 'What Fescue needs besides';
  return step === 'note' ? 'Notes' : `Step ${step}`;
}

function checkText({ side, check }: SidedCheck): string {
  return `#### \`${check.name}\`\n\n${check.title}. ${askedBy(check.prerequisite)}*Of ${sides[side]}.*${meaningText(check)}\n`;
}

function askedBy(prerequisite: Prerequisite | undefined): string {
  return prerequisite === undefined ? '' : `Line ${prerequisite.line}: ${prerequisite.says} `;
}

function meaningText({ meaning, after = [] }: CheckFacts): string {
  const failure = meaning === undefined ? '' : ` When it fails: ${meaning}`;
  return `${failure}${after.length === 0 ? '' : ` Waits for ${after.map((name) => `\`${name}\``).join(', ')}.`}`;
}
