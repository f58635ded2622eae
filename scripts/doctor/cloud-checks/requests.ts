import { captureSettings } from '../../../components/agent/capture/capture-settings.ts';
import type { RequestContext } from '../../policy/context.ts';
import type { CloudContext } from '../check.ts';
import type { Place, RoleInQuestion } from './subject.ts';

/** What is known of every request that a device makes with the role's credentials. */
export function contextOf({ role }: RoleInQuestion, { subject: { thing } }: CloudContext, { account, region }: Place): RequestContext {
  const ofRole = role === undefined ? {} : { 'aws:PrincipalArn': role.arn, ...Object.fromEntries(Object.entries(role.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])), 'aws:PrincipalTag/*': [] };
  return {
    ...ofRole,
    ...(thing === undefined ? {} : { 'credentials-iot:ThingName': thing }),
    'aws:PrincipalAccount': account,
    'aws:PrincipalType': 'AssumedRole',
    'aws:RequestedRegion': region,
    'aws:SecureTransport': 'true',
    'aws:ViaAWSService': 'false',
    'aws:CalledVia': [],
    'aws:username': [],
    's3:TlsVersion': '1.3',
    's3:authType': 'REST-HEADER',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    ...unsent,
  };
}

/** Headers of S3 that the agent does not send. */
const unsent: RequestContext = Object.fromEntries(
  ['x-amz-acl', 'x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id', 'x-amz-server-side-encryption-customer-algorithm', 'x-amz-storage-class', 'RequestObjectTagKeys', 'RequestObjectTag/*'].map((key) => [`s3:${key}`, []]),
);

/** All objects of the fleet's captures. */
export function capturesArn(bucket: string, { subject: { fleet, prefix = captureSettings.FolderPrefix.default } }: CloudContext, { partition }: Place): string {
  const folder = literal([prefix, ...(fleet === undefined ? [] : [fleet])].join('/'));
  return `arn:${partition}:s3:::${bucket}/${folder}/*`;
}

/** A name in a policy or a request, in which nothing is a wildcard. */
export function literal(name: string): string {
  return name.replaceAll(/[*?$]/g, '${$&}');
}
