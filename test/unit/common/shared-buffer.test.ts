import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { removeAbandonedBuffers, SharedBuffer } from '../../../components/common/shared-buffer.ts';
import { attachSegment, createSegment, detachSegment, listSegments, removeSegment, setSegmentMode } from '../../../components/common/shared-memory.ts';

const inChild = 'const { SharedBuffer } = await import("./components/common/shared-buffer.ts"); process.stdout.write(String(new SharedBuffer(100).handle.segmentId)); setInterval(() => undefined, 1_000);';

/** The segment of a process that is killed before it closes it. */
async function abandonedBuffer<Result>(beforeThat: (id: number) => Result): Promise<Result> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', inChild], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [id] = (await once(child.stdout, 'data')) as [Buffer];
  const result = beforeThat(Number(id.toString()));
  child.kill('SIGKILL');
  await ended;
  return result;
}

/** A sealed segment of another program of this user: like a buffer, but for what lies at its end. */
function segmentOfAnother(bytes: number): number {
  const id = createSegment(bytes, 0o600);
  setSegmentMode(id, 0o400);
  onTestFinished(() => removeSegment(id));
  return id;
}

// Inference components of other tests clean up, too: what counts is what is left, not who removed the rest.
test('abandoned buffers are removed, those in use and segments of other programs are not', async () => {
  const inUse = new SharedBuffer(100);
  onTestFinished(() => inUse.close());
  const others = [segmentOfAnother(116), segmentOfAnother(1), segmentOfAnother(100_000)];
  const abandoned = [await abandonedBuffer((id) => id), await abandonedBuffer((id) => id)];
  removeAbandonedBuffers();
  const left = listSegments();
  expect(left).toEqual(expect.arrayContaining([...others, inUse.handle.segmentId]));
  expect(left.filter((id) => abandoned.includes(id))).toEqual([]);
});

test('a buffer that only its reader still has is left for the next time', async () => {
  const reader = await abandonedBuffer((id) => attachSegment(id, 100, 'read'));
  expect(removeAbandonedBuffers()).not.toContain(reader.id);
  expect(listSegments()).toContain(reader.id);
  detachSegment(reader);
  removeAbandonedBuffers();
  expect(listSegments()).not.toContain(reader.id);
});
