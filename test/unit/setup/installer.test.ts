import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { fleetNames } from '../../../scripts/cloud/names.ts';
import { installerText } from '../../../scripts/setup/installer-text.ts';
import { memoryCloud, type MemoryCloud } from '../../helpers/memory-cloud.ts';
import { applied } from '../../helpers/setup-fleet.ts';

const names = fleetNames('lobby', { account: '123456789012', region: 'eu-west-1' });

async function text(cloud: MemoryCloud, options: { nucleus?: 'classic' | 'lite'; things?: string[]; problem?: (text: string) => void } = {}): Promise<string> {
  return installerText(cloud, { nucleus: 'classic', things: ['cam-1'], names, problem: () => expect.unreachable(), ...options });
}

test('of a new thing it is one line', async () => {
  expect(await text(memoryCloud())).toBe(
    [
      '# cam-1: on the device, with AWS credentials in the environment that may provision it',
      'sudo -E java -Droot=/greengrass/v2 -Dlog.store=FILE -jar ./GreengrassInstaller/lib/Greengrass.jar --aws-region eu-west-1 --thing-name cam-1 --thing-group-name lobby --tes-role-name SageMakerFescue-lobby --tes-role-alias-name SageMakerEdge-lobby --component-default-user ggc_user:ggc_group --provision true --setup-system-service true',
      '',
    ].join('\n'),
  );
});

test('of several things each has its own', async () => {
  const lines = (await text(memoryCloud(), { things: ['cam-1', 'cam-2'] })).split('\n').filter((line) => line.startsWith('sudo'));
  expect(lines.map((line) => /--thing-name (\S+)/.exec(line)?.[1])).toEqual(['cam-1', 'cam-2']);
});

test('what setup marked is unmarked first, for the installer wants a thing without attributes', async () => {
  const cloud = memoryCloud();
  await applied(cloud);
  const [, , before = ''] = (await text(cloud)).split('\n');
  const shown = execFileSync('sh', ['-c', `aws() { printf '%s\\n' "$@"; }; ${before}`], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(shown).toEqual(['iot', 'update-thing', '--region', 'eu-west-1', '--thing-name', 'cam-1', '--attribute-payload', '{"attributes":{"fescue-fleet":""},"merge":true}']);
});

test('attributes of others are left, and the way that works with them is told', async () => {
  const cloud = memoryCloud();
  cloud.account.things.set('cam-1', { attributes: { owner: 'ada' }, principals: new Set() });
  expect(await text(cloud)).toContain('# The installer cannot take this thing: it has attributes of others (owner). Install with manual provisioning: https://docs.aws.amazon.com/greengrass/v2/developerguide/manual-installation.html\n');
});

test('where AWS does not tell what the thing is like, it is taken for a new one', async () => {
  const cloud = memoryCloud();
  cloud.gate.fail('access-denied', { action: 'iot:DescribeThing' });
  const problems: string[] = [];
  expect(await text(cloud, { problem: (problem) => problems.push(problem) })).toBe(await text(memoryCloud()));
  expect(problems.join()).toMatch(/^Whether thing cam-1 is there already was not found out: iot:DescribeThing of thing cam-1: access is denied\./);
});

test('for nucleus lite it is a configuration', async () => {
  const configuration = parse(await text(memoryCloud(), { nucleus: 'lite' })) as unknown;
  expect(configuration).toMatchObject({
    system: { thingName: 'cam-1', rootPath: '/var/lib/greengrass' },
    services: { 'aws.greengrass.NucleusLite': { componentType: 'NUCLEUS', configuration: { awsRegion: 'eu-west-1', iotRoleAlias: 'SageMakerEdge-lobby', runWithDefault: { posixUser: 'gg_component:gg_component' } } } },
  });
});
