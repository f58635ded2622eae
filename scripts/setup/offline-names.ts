import { FescueError } from '../../components/common/errors.ts';
import { fleetNames, type FleetNames } from '../cloud/names.ts';
import type { Place } from './place.ts';

const someAccount = '000000000000';
/** Names of regions are at most as long. */
const longRegion = 'ap-northeast-1';

export type OfflineNames = {
  readonly fleet: string;
  readonly names: Partial<FleetNames>;
  /** Undefined when nobody named one. */
  readonly region: string | undefined;
  /** What stands in the bucket's name for account and region. */
  readonly place: Pick<Place, 'account' | 'region'>;
};

/**
 * A fleet's names where AWS is not asked: account and region are put into the bucket's name by somebody else, later.
 *
 * @throws FescueError `invalid-argument` when how long the region is decides on the name
 */
export function offlineNames({ fleet, names, region, place }: OfflineNames): FleetNames {
  const usual = fleetNames(fleet, { account: someAccount, region: region ?? longRegion });
  const start = usual.bucket.slice(0, -`-${someAccount}-${region ?? longRegion}`.length);
  const isCut = start.length < fleetNames(fleet, { account: '', region: '' }).bucket.length - 2;
  if (isCut && region === undefined && names.bucket === undefined) throw new FescueError('invalid-argument', `The name of fleet ${fleet} is too long to stand in the name of a bucket as a whole, and where it is cut depends on the region. Name the region with --region, or a bucket with --bucket.`);
  return { ...usual, bucket: `${start}-${place.account}-${place.region}`, ...names };
}
