import { onTestFinished } from 'vitest';
import type { Cloud } from '../../scripts/cloud/cloud.ts';
import { connectCloud, type ConnectOptions } from '../../scripts/cloud/connect.ts';
import { useAwsServer, type AwsAnswer, type AwsRequest, type AwsServer } from './aws-server.ts';
import { s3Environment } from './s3-server.ts';
import { useEnvironment } from './use-environment.ts';

/**
 * A cloud, and what it is answered in place of AWS: shapes as its services have them on the wire. Pauses between attempts
 * are short.
 */
export async function useRecordedAws(answer: (request: AwsRequest) => AwsAnswer | undefined, options: ConnectOptions = {}): Promise<AwsServer & { cloud: Cloud }> {
  const server = await useAwsServer((request) => answer(request) ?? { status: 501, body: `the test has no answer to ${request.method} ${request.path} ${request.action}` });
  useEnvironment({ ...s3Environment(), AWS_ENDPOINT_URL: server.endpoint });
  const cloud = await connectCloud({ pauseMs: 1, ...options });
  onTestFinished(() => cloud.close());
  return { ...server, cloud };
}

/** The answer of IAM or STS to an action, around what the action answers. */
export function queryAnswer(action: string, result: string, service: 'iam' | 'sts' = 'iam'): AwsAnswer {
  const namespace = service === 'iam' ? 'https://iam.amazonaws.com/doc/2010-05-08/' : 'https://sts.amazonaws.com/doc/2011-06-15/';
  return xml(`<${action}Response xmlns="${namespace}">\n  <${action}Result>${result}</${action}Result>\n  <ResponseMetadata><RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ResponseMetadata>\n</${action}Response>`);
}

/** An error of IAM or STS. */
export function queryError(status: number, code: string, message = 'Told by the test.'): AwsAnswer {
  return xml(`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">\n  <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>\n  <RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId>\n</ErrorResponse>`, status);
}

/** An error of S3. */
export function s3Failure(status: number, code: string, more = '', headers: Readonly<Record<string, string>> = {}): AwsAnswer {
  return xml(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Told by the test.</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId><HostId>x</HostId></Error>`, status, headers);
}

/** An error of IoT Core or Greengrass. */
export function restError(status: number, type: string, message = 'Told by the test.'): AwsAnswer {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.coral.service/` }, body: JSON.stringify({ message }) };
}

export function json(value: unknown): AwsAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function xml(body: string, status = 200, headers: Readonly<Record<string, string>> = {}): AwsAnswer {
  return { status, headers: { 'content-type': 'text/xml', ...headers }, body };
}
