import type { TopLists } from './fleet-report.ts';
import type { Unit } from './measures.ts';

/** The lists of devices that lead, in the order in which they are shown. */
export const topTitles: readonly { readonly name: keyof TopLists; readonly title: string; readonly unit: Unit }[] = [
  { name: 'longestSilent', title: 'longest silent', unit: 'seconds' },
  { name: 'mostCrashes', title: 'most crashes', unit: 'count' },
  { name: 'fullestSpool', title: 'fullest spool', unit: 'bytes' },
  { name: 'hottest', title: 'hottest', unit: 'celsius' },
  { name: 'lowestDisk', title: 'least disk free', unit: 'bytes' },
];
