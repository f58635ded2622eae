import { expect, test } from 'vitest';
import { agentSettings } from '../../../components/agent/settings.ts';
import { parseSettings } from '../../../components/common/settings.ts';
import type { DeviceView, NucleusConfiguration } from '../../../scripts/doctor/device/device-view.ts';
import { agentFactsOf, completeSubject, findSubject, subjectOf } from '../../../scripts/doctor/subject.ts';

const file = '/greengrass/v2/config/effectiveConfig.yaml';

function device(configuration: Partial<NucleusConfiguration> | undefined, settings?: Record<string, unknown>): Pick<DeviceView, 'nucleus' | 'agent'> {
  const component = settings === undefined ? undefined : { name: 'dev.fescue.EdgeAgent', version: '1.0.0', configuration: settings };
  return {
    nucleus: configuration === undefined ? undefined : { kind: 'classic', root: '/greengrass/v2', ipcSocket: '', configurationFile: file, configuration: { components: [], ...configuration } },
    agent: { component, workFolder: undefined, settings: parseSettings(agentSettings, settings ?? {}).values },
  };
}

const nothing = device(undefined);
const place = { account: '123456789012', region: 'eu-west-1', role: 'SageMakerFescue-lobby' };

test('flags come first, then the nucleus, the agent and the environment, and each says where it is from', () => {
  const full = device({ thingName: 'of-nucleus', roleAlias: 'Alias', region: 'eu-west-1' }, { DeviceName: 'of-agent', DeviceFleetName: 'lobby', BucketName: 'sagemaker-bucket', AwsRegion: 'eu-west-3', FolderPrefix: 'mine' });
  const environment = { AWS_IOT_THING_NAME: 'of-environment', AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-2' };
  expect(findSubject({ fleet: 'named', thing: 'named' }, full, environment)).toMatchObject({ thing: { value: 'named', origin: '--thing' }, fleet: { value: 'named', origin: '--fleet' }, group: { value: 'named', origin: '--fleet' } });
  expect(findSubject({}, full, environment)).toEqual({
    thing: { value: 'of-nucleus', origin: file },
    fleet: { value: 'lobby', origin: 'DeviceFleetName of dev.fescue.EdgeAgent' },
    group: { value: 'lobby', origin: 'DeviceFleetName of dev.fescue.EdgeAgent' },
    roleAlias: { value: 'Alias', origin: file },
    bucket: { value: 'sagemaker-bucket', origin: 'BucketName of dev.fescue.EdgeAgent' },
    prefix: { value: 'mine', origin: 'FolderPrefix of dev.fescue.EdgeAgent' },
    region: { value: 'eu-west-1', origin: file },
  });
  expect(findSubject({}, device({}, { DeviceName: 'of-agent', AwsRegion: 'eu-west-3' }), environment)).toMatchObject({ thing: { value: 'of-agent' }, region: { value: 'eu-west-3' } });
  expect(findSubject({}, nothing, environment)).toEqual({ thing: { value: 'of-environment', origin: 'AWS_IOT_THING_NAME' }, region: { value: 'us-east-1', origin: 'AWS_REGION' } });
  expect(findSubject({}, nothing, {})).toEqual({});
});

test('settings of an agent that is not deployed are nobody\'s', () => {
  expect(findSubject({}, device({ thingName: 'x' }), {})).toEqual({ thing: { value: 'x', origin: file } });
});

test('what nobody named is what setup would choose for the fleet', () => {
  const { role, roleAlias, bucket, region } = completeSubject(findSubject({ fleet: 'lobby' }, nothing, {}), place);
  expect([role?.value, roleAlias?.value, bucket?.value, region?.value]).toEqual(['SageMakerFescue-lobby', 'SageMakerEdge-lobby', 'sagemaker-lobby-123456789012-eu-west-1', 'eu-west-1']);
  expect(completeSubject({}, { ...place, role: undefined })).toEqual({ region: { value: 'eu-west-1', origin: "the region of AWS's configuration" } });
});

test('a role that AWS tells is told to be the one behind the alias, unless somebody named another', () => {
  const named = findSubject({ fleet: 'lobby' }, device({ roleAlias: 'Theirs' }), {});
  expect(completeSubject(named, { ...place, role: undefined }).role).toBeUndefined();
  expect(completeSubject(named, place).role).toEqual({ value: 'SageMakerFescue-lobby', origin: 'as fescue setup names it' });
  expect(completeSubject(named, { ...place, role: 'SageMakerTheirs' }).role).toEqual({ value: 'SageMakerTheirs', origin: 'the role of Theirs' });
  expect(completeSubject({ ...named, role: { value: 'SageMakerX', origin: '--role' } }, { ...place, role: 'SageMakerTheirs' }).role?.value).toBe('SageMakerX');
});

test('checks get the names, and what else the settings of the agent say', () => {
  const any = device({}, { BucketNameRule: 'any', DeviceFleetName: 'lobby' });
  expect(subjectOf(findSubject({}, any, {}), agentFactsOf(any.agent))).toEqual({ fleet: 'lobby', group: 'lobby', prefix: 'sme-capture', anyBucketName: true, provider: 'iot' });
  const silent = device({}, { Provider: 'none', DeviceName: 'camera-7' });
  expect(subjectOf({}, agentFactsOf(silent.agent))).toEqual({ anyBucketName: false, provider: 'none', device: 'camera-7' });
  expect(subjectOf(findSubject({ fleet: 'lobby' }, undefined, {}), {})).toEqual({ fleet: 'lobby', group: 'lobby' });
});
