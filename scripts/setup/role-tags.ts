import type { Tags } from '../cloud/cloud.ts';
import { ownTags } from '../cloud/names.ts';
import type { Desired } from './desired.ts';

/**
 * What a role's tags say of setup's work on it.
 *
 * @param options.owner the fleet for which setup made the role; undefined when it did not
 * @param options.attached what setup attached, or is about to: it stays noted until it is detached
 * @param options.isMakingBucket the name of a bucket that setup makes has to be known before the bucket is there
 */
export function roleTags({ fleet, variant, names, place }: Desired, { owner, attached, isMakingBucket }: { owner: string | undefined; attached: readonly string[]; isMakingBucket: boolean }): Tags {
  const noted = [...new Set(attached)].toSorted();
  return {
    ...(owner === fleet ? { [ownTags.fleet]: fleet, [ownTags.region]: place.region } : {}),
    // By which policies a role is judged is for the fleet that it was made for to say.
    ...(owner === undefined || owner === fleet ? { [ownTags.policies]: variant } : {}),
    ...(noted.length > 0 ? { [ownTags.attached]: noted.join(' ') } : {}),
    ...(isMakingBucket ? { [ownTags.bucket]: names.bucket } : {}),
  };
}

/** Names of managed policies that setup noted to have attached. */
export function attachedBySetup(tags: Tags): readonly string[] {
  return (tags[ownTags.attached] ?? '').split(' ').filter((name) => name !== '');
}

/** The tags that are not there, or have other values. */
export function missingTags(wanted: Tags, there: Tags): Tags {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => there[key] !== value));
}

export function tagsText(tags: Tags): string {
  return Object.entries(tags).map(([key, value]) => `${key}=${value}`).join(', ');
}
