import { shellQuote } from '../deploy/quote.ts';
import type { Thing } from '../cloud/cloud.ts';
import { ownThingAttribute, type FleetNames } from '../cloud/names.ts';

export type Installed = { readonly thing: string; readonly names: FleetNames; readonly region: string };

/** The line that installs the classic nucleus on the device and makes its certificate. */
export function classicInstaller({ thing, names, region }: Installed): string {
  const flags: Readonly<Record<string, string>> = {
    'aws-region': region,
    'thing-name': thing,
    'thing-group-name': names.group,
    'tes-role-name': names.role,
    'tes-role-alias-name': names.roleAlias,
    'component-default-user': 'ggc_user:ggc_group',
    provision: 'true',
    'setup-system-service': 'true',
  };
  return shellQuote(['sudo', '-E', 'java', '-Droot=/greengrass/v2', '-Dlog.store=FILE', '-jar', './GreengrassInstaller/lib/Greengrass.jar', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])]);
}

/**
 * What the operator has to do before the line above, as lines for a shell; none when there is nothing. The installer makes
 * the thing, without attributes: AWS takes that for the thing that is there only if it has none, too.
 */
export function beforeInstaller(thing: Thing | undefined, { region }: { region: string }): readonly string[] {
  const attributes = Object.keys(thing?.attributes ?? {});
  if (thing === undefined || attributes.length === 0) return [];
  const others = attributes.filter((name) => name !== ownThingAttribute);
  if (others.length > 0) return [`# The installer cannot take this thing: it has attributes of others (${others.join(', ')}). Install with manual provisioning: https://docs.aws.amazon.com/greengrass/v2/developerguide/manual-installation.html`];
  const removal = JSON.stringify({ attributes: { [ownThingAttribute]: '' }, merge: true });
  return ['# First, where the AWS command line is: the installer takes a thing only without attributes. Setup --destroy will then leave it.', shellQuote(['aws', 'iot', 'update-thing', '--region', region, '--thing-name', thing.name, '--attribute-payload', removal])];
}

/** For nucleus lite, which takes a certificate that somebody made, and the endpoints of the account. */
export function liteConfiguration({ thing, names, region }: Installed): string {
  return `# /etc/greengrass/config.yaml; the two endpoints are those of the account:
#   aws iot describe-endpoint --region ${region} --endpoint-type iot:CredentialProvider --query endpointAddress --output text
#   aws iot describe-endpoint --region ${region} --endpoint-type iot:Data-ATS --query endpointAddress --output text
system:
  privateKeyPath: "/var/lib/greengrass/device.key"
  certificateFilePath: "/var/lib/greengrass/device.pem"
  rootCaPath: "/var/lib/greengrass/AmazonRootCA1.pem"
  rootPath: "/var/lib/greengrass"
  thingName: "${thing}"
services:
  aws.greengrass.NucleusLite:
    componentType: "NUCLEUS"
    configuration:
      awsRegion: "${region}"
      iotRoleAlias: "${names.roleAlias}"
      iotCredEndpoint: "<iot:CredentialProvider>"
      iotDataEndpoint: "<iot:Data-ATS>"
      runWithDefault:
        posixUser: "gg_component:gg_component"
`;
}
