import type { Caller } from '../cloud/cloud.ts';

/** Where a fleet is in AWS. A template has CloudFormation's parameters in place of values, such as `${AWS::Region}`. */
export type Place = { readonly partition: string; readonly account: string; readonly region: string };

/** The partition, such as `aws`, `aws-cn` or `aws-us-gov`, is that of the caller's own ARN. */
export function placeOf({ account, arn }: Caller, region: string): Place {
  return { partition: arn.split(':')[1] ?? 'aws', account, region };
}

/** By the beginning of a region's name. */
const partitions: Readonly<Record<string, string>> = { 'cn-': 'aws-cn', 'us-gov-': 'aws-us-gov', 'eusc-': 'aws-eusc', 'us-iso-': 'aws-iso', 'us-isob-': 'aws-iso-b', 'eu-isoe-': 'aws-iso-e', 'us-isof-': 'aws-iso-f' };

/** By the region's name, where nobody asked AWS. */
export function partitionOf(region: string): string {
  return Object.entries(partitions).find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'aws';
}
