import { reportShadow } from '../../components/common/device-report.ts';
import { FescueError } from '../../components/common/errors.ts';
import type { Cloud, Indexing } from '../cloud/cloud.ts';
import { CloudError, type CloudFault } from '../cloud/cloud-error.ts';
import type { FleetDevice, FleetSource } from './device.ts';
import { fleetQuery, indexSource } from './index-source.ts';
import { readSource } from './read-source.ts';

export type CloudSourceOptions = {
  readonly cloud: Cloud;
  readonly fleet: string;
  readonly parallel: number;
  /** Told why the index is not used, and what makes it so. */
  readonly onNote: (text: string) => void;
  readonly firstPauseMs?: number;
};

/** The devices of a thing group: by fleet indexing where it can answer, else by reading shadow after shadow. */
export async function cloudSource(options: CloudSourceOptions): Promise<FleetSource> {
  const { cloud, fleet } = options;
  const source = await chosenSource(options);
  return { ...source, devices: () => unlessNoGroup(source.devices(), { cloud, fleet }) };
}

async function chosenSource({ cloud, fleet, parallel, onNote, firstPauseMs }: CloudSourceOptions): Promise<FleetSource> {
  const { region, things, shadows } = cloud;
  const reason = await whyNotIndexed(cloud, fleet);
  if (reason === undefined) return indexSource({ region, things, fleet });
  onNote(`The shadow of each device is read by itself, because ${reason}`);
  return readSource({ region, things, shadows, fleet, parallel, ...(firstPauseMs === undefined ? {} : { firstPauseMs }) });
}

/** @throws FescueError `not-found` when there is no device because there is no such group. Only then is it asked for. */
async function* unlessNoGroup(devices: AsyncIterable<FleetDevice>, { cloud: { things, region }, fleet }: Pick<CloudSourceOptions, 'cloud' | 'fleet'>): AsyncGenerator<FleetDevice> {
  let isEmpty = true;
  for await (const device of devices) {
    isEmpty = false;
    yield device;
  }
  if (!isEmpty || (await unless('access-denied', things.group(fleet))) !== undefined) return;
  throw new FescueError('not-found', `There is no thing group ${fleet} in ${region}. List those there are with: aws iot list-thing-groups --region ${region}. Or make it with: fescue setup --fleet ${fleet} --region ${region}`);
}

async function whyNotIndexed(cloud: Cloud, fleet: string): Promise<string | undefined> {
  const { things, region } = cloud;
  const indexing = await unless('access-denied', things.indexing());
  if (indexing instanceof CloudError) return `whether fleet indexing is on could not be seen: needs ${indexing.action}.`;
  if (indexing === undefined) return `fleet indexing is off. Switch it on with: ${switchOn(region)}`;
  if (!indexing.namedShadows.includes(reportShadow)) return `fleet indexing does not cover the named shadow ${reportShadow}. ${howToAdd(indexing, region)}`;
  const subgroups = await unless('access-denied', things.subgroups(fleet));
  if (subgroups instanceof CloudError) return `whether there are groups below ${fleet}, which fleet indexing does not count to it, could not be seen: needs ${subgroups.action}.`;
  if (subgroups.length > 0) return `there are groups below ${fleet}, which fleet indexing does not count to it.`;
  const failure = await searchFailure(cloud, fleet);
  return failure && `fleet indexing cannot be used: ${failure.fault === 'access-denied' ? `needs ${failure.action}.` : failure.message}`;
}

/** Asks for one page, before all is built on it: an index that was just switched on does not answer. */
async function searchFailure({ things }: Cloud, fleet: string): Promise<CloudError | undefined> {
  const iterator = things.search(fleetQuery(fleet))[Symbol.asyncIterator]();
  try {
    const first = await unless(['access-denied', 'refused', 'not-found'], iterator.next());
    return first instanceof CloudError ? first : undefined;
  } finally {
    await iterator.return?.();
  }
}

function switchOn(region: string): string {
  return `aws iot update-indexing-configuration --region ${region} --thing-indexing-configuration 'thingIndexingMode=REGISTRY,thingConnectivityIndexingMode=STATUS,namedShadowIndexingMode=ON,filter={namedShadowNames=[${reportShadow}]}'`;
}

function howToAdd({ namedShadows }: Indexing, region: string): string {
  return `Add it to what aws iot get-indexing-configuration --region ${region} shows, with namedShadowIndexingMode=ON and filter={namedShadowNames=[${[...namedShadows, reportShadow].join(',')}]}, by aws iot update-indexing-configuration, which replaces it all.`;
}

/** The answer, or the failure where it is one of these. */
async function unless<Answer>(faults: CloudFault | readonly CloudFault[], answer: Promise<Answer>): Promise<Answer | CloudError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CloudError && [faults].flat().includes(error.fault)) return error;
    throw error;
  }
}
