import { z } from 'zod';
import { heartbeatProviders } from '../../components/agent/heartbeat/heartbeat-settings.ts';
import type { Nucleus } from './device/device-view.ts';
import { subjectNames, type FoundSubject, type SubjectFlags } from './subject.ts';

/** What is asked of a device. As plain data, for it may be another machine. */
export type DeviceRequest = {
  /** As the operator reaches it; undefined for the operator's own machine. */
  readonly host?: string | undefined;
  /** Names of the checks to run. */
  readonly checks: readonly string[];
  readonly flags: SubjectFlags;
  readonly root?: string | undefined;
  readonly socket?: string | undefined;
  readonly recipeFolder?: string | undefined;
  /** A server in place of STS. */
  readonly endpoint?: string | undefined;
};

const shortText = z.string().max(4_096);
const longText = z.string().max(65_536);
const kinds = ['classic', 'lite', 'local'] as const satisfies readonly Nucleus['kind'][];
const named = z.object({ value: shortText, origin: shortText });
const evidence = z.object({ role: shortText.exactOptional(), uncomparedClock: z.enum(['synchronised', 'not synchronised', 'unknown']).exactOptional() });
const verdict = z.object({ status: z.enum(['ok', 'warning', 'fail', 'n.a.']), found: longText, remedy: longText.exactOptional(), evidence: evidence.exactOptional() });
const agent = z.object({ anyBucketName: z.boolean().exactOptional(), provider: z.enum(heartbeatProviders).exactOptional(), device: shortText.exactOptional() });
const found = z.partialRecord(z.enum(subjectNames), named).transform((names): FoundSubject => names);

/** What a device tells of itself, checked as it comes from elsewhere. */
export const deviceFacts = z.object({
  /** Null when it has none, undefined when it could not be asked. */
  nucleus: z.object({ kind: z.enum(kinds), root: shortText, version: shortText.optional() }).nullable().optional(),
  subject: found,
  agent,
  results: z.array(z.object({ name: shortText, verdict })).max(1_000),
  /** How far its clock is ahead of this machine's, in milliseconds; undefined where it is the same. */
  clockAheadMs: z.number().optional(),
});

export type DeviceFacts = z.output<typeof deviceFacts>;

/** Asks a device; `onStart` gets the name of each check as it begins. */
export type ExamineDevice = (request: DeviceRequest, onStart: (name: string) => void) => Promise<DeviceFacts>;
