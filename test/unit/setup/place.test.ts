import { expect, test } from 'vitest';
import { partitionOf, placeOf } from '../../../scripts/setup/place.ts';

test.each([
  ['eu-west-1', 'aws'],
  ['cn-northwest-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eusc-de-east-1', 'aws-eusc'],
  ['', 'aws'],
])('%s is in %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
});

test('who asks is in a partition, too', () => {
  expect(placeOf({ account: '123456789012', arn: 'arn:aws-cn:iam::123456789012:user/ada' }, 'cn-north-1').partition).toBe('aws-cn');
});
