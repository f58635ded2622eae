import { expect, test } from 'vitest';
import type { Cloud, CoreDevice, InstalledComponent, PolicyText } from '../../scripts/cloud/cloud.ts';

/** A cloud in whose account nothing was made yet, in the region eu-west-1. */
export type CloudUnderTest = {
  readonly cloud: Cloud;
  /** What only others do. */
  readonly world: {
    putObject(bucket: string, key: string): Promise<void>;
    deleteObject(bucket: string, key: string): Promise<void>;
    /** An active one. @returns its ARN */
    attachCertificate(thing: string): Promise<string>;
    setCertificate(arn: string, status: 'ACTIVE' | 'INACTIVE' | 'REVOKED'): Promise<void>;
    /** Also in place of one of this name. */
    attachPolicy(policy: PolicyText, targetArn: string): Promise<void>;
    makeGroupBelow(parent: string, name: string): Promise<void>;
    index(namedShadows: readonly string[]): Promise<void>;
    addCore(core: CoreDevice, components: readonly InstalledComponent[]): Promise<void>;
  };
};

/** What a cloud under test may lack; AWS does all of it. */
export type Capability = 'document-limits' | 'document-checks' | 'thing-conflicts' | 'group-pages' | 'nested-groups' | 'policies-of-parents' | 'shadow-limits' | 'shadows-of-strangers' | 'encrypted-from-the-start';

export type CloudSuite = {
  readonly open: () => Promise<CloudUnderTest>;
  /** A test of what is lacking is expected to fail, and says so in its name; when it no longer does, the suite fails. */
  readonly lacks: ReadonlySet<Capability>;
};

/** A test that needs a capability. */
export function capable({ open, lacks }: CloudSuite, capability: Capability): (title: string, run: (subject: CloudUnderTest) => Promise<void>) => void {
  return (title, run) => (lacks.has(capability) ? test.fails(`${title} (lacking here: ${capability})`, async () => run(await open())) : test(title, async () => run(await open())));
}

/** Expects a failure that says what was tried, and how it can be helped. */
export async function expectFault(call: Promise<unknown>, fault: string, action: string): Promise<void> {
  await expect(call).rejects.toMatchObject({ fault, action, message: expect.stringMatching(/^\w+:\w+ of .+: .+\. .+/) as string });
}

/** All pages, and what is on them. */
export async function collect<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}
