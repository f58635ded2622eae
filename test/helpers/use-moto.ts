import { useAwsServer, type AwsAnswer, type AwsRequest, type AwsServer } from './aws-server.ts';
import { answerAsGreengrass, type StoredCore } from './greengrass-cloud.ts';
import { IotTags } from './moto-gaps.ts';
import { s3Environment } from './s3-server.ts';

/** Of moto's server, in suites that it was started for. */
const moto = process.env['FESCUE_TEST_AWS_ENDPOINT'] ?? '';

export type MotoAccount = AwsServer & {
  /** What a process needs to take this for AWS, with credentials and without any others. */
  readonly environment: Readonly<Record<string, string>>;
  /** Core devices of Greengrass V2, by thing. */
  readonly cores: Map<string, StoredCore>;
  /** Asked before each request is answered; undefined lets it pass. */
  intercept: (request: AwsRequest) => AwsAnswer | undefined;
};

/** An account in which nothing was made yet, 123456789012: moto, and what it lacks. It replaces that of a test before. */
export async function useMoto(): Promise<MotoAccount> {
  await fetch(`${moto}/moto-api/reset`, { method: 'POST' });
  const tags = new IotTags();
  const cores = new Map<string, StoredCore>();
  const server = await useAwsServer(async (request) => {
    const answer = account.intercept(request) ?? (request.service === 'greengrass' ? answerAsGreengrass(request, cores) : tags.answer(request));
    if (answer !== undefined) return answer;
    const answered = await forward(request);
    if (request.service === 'iot') tags.note(request, answered);
    return answered;
  });
  const account: MotoAccount = { ...server, environment: { ...s3Environment(), AWS_ENDPOINT_URL: server.endpoint }, cores, intercept: () => undefined };
  return account;
}

/** Of the connection, not of the request. */
const ownHeaders = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'keep-alive', 'content-encoding']);

async function forward({ method, path, query, headers, body }: AwsRequest): Promise<Exclude<AwsAnswer, string>> {
  const kept = Object.entries(headers).flatMap(([name, value]) => (ownHeaders.has(name) && !(name === 'content-encoding' && value === 'aws-chunked') ? [] : [[name, String(value)] as [string, string]]));
  const response = await fetch(`${moto}${path}${query.size === 0 ? '' : `?${query.toString()}`}`, { method, headers: kept, redirect: 'manual', ...(method === 'GET' || method === 'HEAD' ? {} : { body }) });
  // Most answers of moto call themselves web pages, which AWS's never do.
  const answered = [...response.headers].filter(([name, value]) => !ownHeaders.has(name) && !(name === 'content-type' && value.startsWith('text/html')));
  return { status: response.status, headers: Object.fromEntries(answered), body: Buffer.from(await response.arrayBuffer()) };
}
