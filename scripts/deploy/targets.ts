import { openTarget as openGreengrass } from './greengrass-target.ts';
import { openTarget as openLite } from './lite-target.ts';
import { openTarget as openLocal } from './local-target.ts';
import type { OpenTarget } from './target.ts';

/** Where components can be deployed to, by the word of `--to`. */
export const targets = { local: openLocal, greengrass: openGreengrass, lite: openLite } as const satisfies Record<string, OpenTarget>;
export type TargetName = keyof typeof targets;
export const targetNames = Object.keys(targets) as TargetName[];
