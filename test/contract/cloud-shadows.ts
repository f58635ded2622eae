import { describe, expect, test } from 'vitest';
import { capable, expectFault, type CloudSuite, type CloudUnderTest } from './cloud-under-test.ts';

export function describeShadows(suite: CloudSuite): void {
  const withThing = async (): Promise<CloudUnderTest> => {
    const subject = await suite.open();
    await subject.cloud.things.createThing({ name: 'camera-1', attributes: {} });
    return subject;
  };
  describe('shadows', () => {
    test('is made by an update, which later ones are merged into', async () => {
      const { cloud: { shadows } } = await withThing();
      expect(await shadows.get('camera-1', 'fescue')).toBeUndefined();
      await shadows.update('camera-1', 'fescue', '{"state":{"reported":{"a":1,"b":{"c":"ü","d":2}}}}');
      await shadows.update('camera-1', 'fescue', '{"state":{"reported":{"b":{"d":null,"e":3}}}}');
      expect(JSON.parse((await shadows.get('camera-1', 'fescue')) ?? '')).toMatchObject({ state: { reported: { a: 1, b: { c: 'ü', e: 3 } } }, version: 2 });
      expect(await shadows.get('camera-1', 'other')).toBeUndefined();
    });

    test('is not updated by who knows another version', async () => {
      const { cloud: { shadows } } = await withThing();
      await shadows.update('camera-1', 'fescue', '{"state":{"reported":{"a":1}}}');
      await shadows.update('camera-1', 'fescue', '{"state":{"reported":{"a":2}},"version":1}');
      await expectFault(shadows.update('camera-1', 'fescue', '{"state":{"reported":{"a":3}},"version":1}'), 'conflict', 'iot:UpdateThingShadow');
      expect(JSON.parse((await shadows.get('camera-1', 'fescue')) ?? '')).toMatchObject({ state: { reported: { a: 2 } }, version: 2 });
    });

    test('is deleted', async () => {
      const { cloud: { shadows } } = await withThing();
      await shadows.update('camera-1', 'fescue', '{"state":{"reported":{"a":1}}}');
      for (let time = 0; time < 2; time += 1) await shadows.delete('camera-1', 'fescue');
      expect(await shadows.get('camera-1', 'fescue')).toBeUndefined();
    });

    test('takes nothing but updates', async () => {
      const { cloud: { shadows } } = await withThing();
      await expectFault(shadows.update('camera-1', 'fescue', '{"reported":{}}'), 'refused', 'iot:UpdateThingShadow');
    });

    capable(suite, 'shadow-limits')('takes 8 KB and eight levels', async ({ cloud: { shadows } }) => {
      const sized = (bytes: number): string => JSON.stringify({ state: { reported: { a: 'x'.repeat(bytes - '{"a":""}'.length) } } });
      const nested = (levels: number): string => `{"state":{"reported":${'{"a":'.repeat(levels - 1)}1${'}'.repeat(levels - 1)}}}`;
      await shadows.update('camera-1', 'fescue', sized(8 * 1024));
      await expectFault(shadows.update('camera-1', 'fescue', sized(8 * 1024 + 1)), 'limit-exceeded', 'iot:UpdateThingShadow');
      await shadows.update('camera-1', 'other', nested(8));
      await expectFault(shadows.update('camera-1', 'other', nested(10)), 'refused', 'iot:UpdateThingShadow');
    });

    capable(suite, 'shadows-of-strangers')('is kept for a thing that is in no registry', async ({ cloud: { shadows } }) => {
      await shadows.update('stranger', 'fescue', '{"state":{"reported":{"a":1}}}');
      expect(await shadows.get('stranger', 'fescue')).toContain('"a":1');
    });
  });
}
