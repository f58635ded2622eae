import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readAgentConfig } from '../../../../components/agent/config.ts';

const read = (flags: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}): ReturnType<typeof readAgentConfig>['config']['heartbeat'] => readAgentConfig({ environment, flags }).config.heartbeat;

test('by default the agent reports to IoT Core every five minutes, as the thing it is', () => {
  expect(read({}, { AWS_IOT_THING_NAME: 'camera-7', AWS_REGION: 'eu-west-1' })).toMatchObject({ provider: 'iot', periodMs: 300_000, fleet: 'default-fleet', device: 'camera-7', thing: 'camera-7', folder: resolve('.') });
  expect(read({ DeviceName: 'other' }, { AWS_IOT_THING_NAME: '' })).toMatchObject({ device: 'other', thing: undefined });
});

test('a server is named, or the one that has ended is meant; either needs a region', () => {
  expect(read({ Provider: 'sagemaker-edge', AwsRegion: 'eu-west-1', SagemakerEdgeEndpoint: 'http://edge:8080/' })).toMatchObject({ endpoint: 'http://edge:8080', isEndedEndpoint: false, region: 'eu-west-1' });
  expect(read({ Provider: 'Sagemaker-Edge' }, { AWS_REGION: 'eu-west-1' })).toMatchObject({ provider: 'sagemaker-edge', endpoint: 'https://edge.sagemaker.eu-west-1.amazonaws.com', isEndedEndpoint: true });
  expect(() => read({ Provider: 'sagemaker-edge' })).toThrow(/AwsRegion: requests of the provider sagemaker-edge are signed for a region/);
});

test('what makes no sense is refused', () => {
  expect(() => read({ Provider: 'aws', HeartbeatPeriodSeconds: 1, SagemakerEdgeEndpoint: 'edge:8080' })).toThrow(/Provider: expected one of iot, sagemaker-edge, none, got "aws"\n.*HeartbeatPeriodSeconds: .*from 5 to 86400, got 1\n.*SagemakerEdgeEndpoint: expected a URL/);
});
