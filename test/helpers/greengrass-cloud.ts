import type { AwsAnswer, AwsRequest } from './aws-server.ts';

/** A core device as Greengrass V2 answers it. */
export type StoredCore = {
  readonly coreVersion: string;
  readonly status: 'HEALTHY' | 'UNHEALTHY';
  /** In seconds since 1970. */
  readonly lastStatusUpdateTimestamp: number;
  readonly installed: readonly { readonly componentName: string; readonly componentVersion: string; readonly lifecycleState: string; readonly isRoot: boolean }[];
};

const pageSize = 2;

/** As much of Greengrass V2 as is asked of it: a core device, and what is installed on it, in pages. */
export function answerAsGreengrass({ method, path, query }: AwsRequest, cores: ReadonlyMap<string, StoredCore>): AwsAnswer {
  const [, thing, listing] = /^\/greengrass\/v2\/coreDevices\/([^/]+)(\/installedComponents)?$/.exec(path) ?? [];
  const core = cores.get(decodeURIComponent(thing ?? ''));
  if (method !== 'GET' || thing === undefined) return failure(404, 'UnknownOperationException', 'not known here');
  if (core === undefined) return failure(404, 'ResourceNotFoundException', `The core device ${thing} could not be found.`);
  return listing === undefined ? json(describe(thing, core)) : json(installedPage(core, query));
}

function describe(thing: string, { coreVersion, status, lastStatusUpdateTimestamp }: StoredCore): object {
  return { coreDeviceThingName: thing, coreVersion, platform: 'linux', architecture: 'aarch64', runtime: 'aws_nucleus_classic', status, lastStatusUpdateTimestamp, tags: {} };
}

/** Components that are there because others need them are answered only to `topologyFilter=ALL`. */
function installedPage({ installed }: StoredCore, query: URLSearchParams): object {
  const all = query.get('topologyFilter') === 'ALL' ? installed : installed.filter(({ isRoot }) => isRoot);
  const start = Number(query.get('nextToken') ?? 0);
  const next = start + pageSize;
  return { installedComponents: all.slice(start, next).map((one) => ({ ...one, lifecycleStateDetails: null, lastStatusChangeTimestamp: 1_700_000_000, lifecycleStatusCodes: [] })), ...(next < all.length ? { nextToken: String(next) } : {}) };
}

function json(value: object): AwsAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function failure(status: number, type: string, message: string): AwsAnswer {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': type }, body: JSON.stringify({ message, resourceId: 'x', resourceType: 'core device' }) };
}
