import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { CaptureObject } from '../../components/agent/capture/captured-objects.ts';
import type { Destination } from '../../components/agent/capture/destination.ts';

export type DestinationUnderTest = {
  readonly destination: Destination;
  /** What is at a URL, as any reader would find it; undefined for nothing. */
  readonly readUrl: (url: string) => Promise<Buffer | undefined>;
  /** The keys of everything that is there. */
  readonly keys: () => Promise<string[]>;
};

const never = new AbortController().signal;
const key = 'sme-capture/fleet/pump/2023/03/14/16/0123456789abcdef.jsonl';
const large = 8 * 1024 * 1024;

/** What every destination has to do. Each case gets an empty one of its own. */
export function describeDestination(name: string, open: () => Promise<DestinationUnderTest>): void {
  describe(`${name}: a destination`, () => {
    test.each<[string, Partial<CaptureObject>]>([
      ['lines', { body: Buffer.from('{"a":1}\n{"b":"é"}\n'), contentType: 'application/x-ndjson' }],
      ['nothing', { body: Buffer.alloc(0) }],
      ['bytes of every value', { body: Buffer.from(Array.from({ length: 256 }, (_, value) => value)) }],
      ['8 MB', { body: Buffer.alloc(large, 'some text, again and again. ') }],
      ['a view of something larger', { body: new Uint8Array(new Uint8Array(1_000).map((_, index) => index).buffer, 100, 500) }],
      ['an object in many folders', { key: Array.from({ length: 30 }, (_, index) => `folder-${index}`).join('/') }],
      ['an object whose key has all a prefix may have', { key: "A!_.*'()-z/fleet/model/x.jsonl" }],
    ])('takes %s, and has it at the URL', async (_, part) => {
      const { destination, readUrl, keys } = await open();
      const object = objectOf(part);
      await destination.put(object, never);
      expect((await readUrl(destination.urlOf(object.key)))?.equals(object.body)).toBe(true);
      expect(await keys()).toEqual([object.key]);
    });

    test('replaces an object of the same key', async () => {
      const { destination, readUrl, keys } = await open();
      for (const text of ['the first and longer one', 'the second']) await destination.put(objectOf({ body: Buffer.from(text) }), never);
      expect((await readUrl(destination.urlOf(key)))?.toString()).toBe('the second');
      expect(await keys()).toEqual([key]);
    });

    test.each(['', '/', '/etc/passwd', '..', '../x', 'a/../../x', 'a/..', 'a/./x', 'a//x', 'a/', 'a\0/x'])('rejects the key %j, and writes nothing', async (bad) => {
      const { destination, keys } = await open();
      await expect(destination.put(objectOf({ key: bad }), never)).rejects.toMatchObject({ fault: 'rejected', message: expect.stringContaining(JSON.stringify(bad)) as string });
      expect(await keys()).toEqual([]);
    });

    test('takes many at the same time', async () => {
      const { destination, readUrl, keys } = await open();
      const objects = Array.from({ length: 20 }, (_, index) => objectOf({ key: `fleet/${index % 3}/${index}`, body: Buffer.alloc(50_000, index) }));
      await Promise.all(objects.map(async (object) => destination.put(object, never)));
      for (const { key: one, body } of objects) expect((await readUrl(destination.urlOf(one)))?.equals(body)).toBe(true);
      expect(await keys()).toEqual(objects.map((object) => object.key).toSorted());
    });

    test('of many of the same key at the same time, one is there in whole', async () => {
      const { destination, readUrl, keys } = await open();
      const bodies = Array.from({ length: 8 }, (_, index) => Buffer.alloc(300_000 + index, index));
      const outcomes = await Promise.allSettled(bodies.map(async (body) => destination.put(objectOf({ body }), never)));
      // A server may want some of them once more.
      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ fault: 'unreachable' });
      const found = await readUrl(destination.urlOf(key));
      expect(bodies.some((body) => found?.equals(body))).toBe(true);
      expect(await keys()).toEqual([key]);
    });

    test('shows an object to those who look meanwhile in whole or not at all', async () => {
      const { destination, readUrl } = await open();
      const versions = [1, 2, 3].map((value) => Buffer.alloc(large, value));
      let done = false;
      const writing = (async () => {
        for (const body of versions) await destination.put(objectOf({ body }), never);
      })().finally(() => (done = true));
      while (!done) {
        const seen = await readUrl(destination.urlOf(key));
        expect(seen === undefined || versions.some((version) => version.equals(seen))).toBe(true);
        await nextTurn();
      }
      await writing;
    });

    test('takes nothing once the signal is aborted', async () => {
      const { destination, keys } = await open();
      await expect(destination.put(objectOf({}), AbortSignal.abort())).rejects.toThrow();
      expect(await keys()).toEqual([]);
    });

    test('ends when the signal is aborted, with the object there in whole or not at all', async () => {
      const { destination, readUrl } = await open();
      const body = Buffer.alloc(large, 7);
      const stop = new AbortController();
      const [outcome] = await Promise.allSettled([destination.put(objectOf({ body }), stop.signal), nextTurn().then(() => stop.abort())]);
      const found = await readUrl(destination.urlOf(key));
      if (outcome.status === 'fulfilled') expect(found).toBeDefined();
      expect(found?.equals(body)).not.toBe(false);
      await destination.put(objectOf({ body }), never);
      expect((await readUrl(destination.urlOf(key)))?.equals(body)).toBe(true);
    });
  });
}

function objectOf(part: Partial<CaptureObject>): CaptureObject {
  return { key, body: Buffer.from('content'), contentType: 'application/octet-stream', ...part };
}
