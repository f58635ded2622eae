import type { Caller } from '../cloud/cloud.ts';

/** Where a fleet is in AWS. A template has CloudFormation's parameters in place of values, such as `${AWS::Region}`. */
export type Place = { readonly partition: string; readonly account: string; readonly region: string };

/** The partition, `aws`, `aws-cn` or `aws-us-gov`, is that of the caller's own ARN. */
export function placeOf({ account, arn }: Caller, region: string): Place {
  return { partition: arn.split(':')[1] ?? 'aws', account, region };
}

/** By the region's name, where nobody asked AWS. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
