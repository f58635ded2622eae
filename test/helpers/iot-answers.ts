import { CloudError, type CloudFault } from '../../scripts/cloud/cloud-error.ts';
import type { AwsAnswer, AwsRequest } from './aws-server.ts';
import type { MemoryCloud } from './memory-cloud.ts';

/** What IoT Core answers over HTTP to those who read a fleet, out of an account in memory and as its gate lets it. */
export function iotAnswers(cloud: MemoryCloud): (request: AwsRequest) => Promise<AwsAnswer> {
  return async (request) => {
    try {
      return await answerTo(request, cloud);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      const [status, code] = failures[error.fault] ?? [400, 'InvalidRequestException'];
      return refusal(status, code, error.message);
    }
  };
}

const failures: Partial<Record<CloudFault, readonly [number, string]>> = {
  'access-denied': [403, 'AccessDeniedException'],
  throttled: [429, 'ThrottlingException'],
  'expired-credentials': [403, 'ExpiredTokenException'],
};

async function answerTo({ path, query, body }: AwsRequest, { things, shadows }: MemoryCloud): Promise<AwsAnswer> {
  const page = Number(query.get('nextToken') ?? 0);
  const [, thing] = /^\/things\/([^/]+)\/shadow$/.exec(path) ?? [];
  if (thing !== undefined) return found(await shadows.get(thing, query.get('name') ?? ''));
  const [, described] = /^\/things\/([^/]+)$/.exec(path) ?? [];
  if (described !== undefined) return json(await things.thing(described), ({ name, arn }) => ({ thingName: name, thingArn: arn, attributes: {} }));
  const [, members] = /^\/thing-groups\/([^/]+)\/things$/.exec(path) ?? [];
  if (members !== undefined) return paged(things.members(members), page, (names) => ({ things: names }));
  const [, group] = /^\/thing-groups\/([^/]+)$/.exec(path) ?? [];
  if (group !== undefined) return json(await things.group(group), ({ name, arn }) => ({ thingGroupName: name, thingGroupArn: arn }));
  if (path === '/thing-groups') return json(await things.subgroups(query.get('parentGroup') ?? ''), (names) => ({ thingGroups: names.map((groupName) => ({ groupName })) }));
  if (path === '/indexing/config') return json({ indexing: await things.indexing() }, ({ indexing }) => ({ thingIndexingConfiguration: indexing === undefined ? { thingIndexingMode: 'OFF' } : { thingIndexingMode: 'REGISTRY', namedShadowIndexingMode: 'ON', filter: { namedShadowNames: indexing.namedShadows } } }));
  if (path === '/tags') return json({}, () => ({ tags: [] }));
  if (path !== '/indices/search') throw new Error(`nothing answers ${path}`);
  const { queryString, nextToken = '0' } = JSON.parse(body.toString()) as { queryString: string; nextToken?: string };
  return paged(things.search(queryString), Number(nextToken), (all) => ({ things: all.map(({ name, groups, shadow }) => ({ thingName: name, thingGroupNames: groups, shadow })) }));
}

async function paged<Item>(pages: AsyncIterable<readonly Item[]>, wanted: number, make: (items: readonly Item[]) => object): Promise<AwsAnswer> {
  let place = 0;
  for await (const page of pages) {
    if (place === wanted) return json(page, (items) => ({ ...make(items), nextToken: String(wanted + 1) }));
    place += 1;
  }
  return json([], make);
}

function json<Value>(value: Value | undefined, make: (value: Value) => object): AwsAnswer {
  return found(value === undefined ? undefined : JSON.stringify(make(value)));
}

function found(body: string | undefined): AwsAnswer {
  return body === undefined ? refusal(404, 'ResourceNotFoundException', 'it is not there') : { headers: { 'content-type': 'application/json' }, body };
}

function refusal(status: number, code: string, message: string): AwsAnswer {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': code }, body: JSON.stringify({ message }) };
}
