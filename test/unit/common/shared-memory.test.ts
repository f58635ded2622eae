import { expect, test } from 'vitest';
import { lifeBytes, segmentLife } from '../../helpers/segment-life.ts';

// `npm run test:arm64` lives the same life on the other processor.
test('a segment is at every step of its life what the kernel says it is', () => {
  const life = segmentLife();
  for (const { step, ours, kernels } of life) expect(ours, step).toEqual(kernels);
  const own = { bytes: lifeBytes, ownerUid: process.getuid?.(), creatorUid: process.getuid?.() };
  expect(life.map(({ ours }) => ours)).toEqual([
    { ...own, mode: 0o640, attachments: 0, removed: false },
    { ...own, mode: 0o640, attachments: 1, removed: false },
    { ...own, mode: 0o400, attachments: 1, removed: false },
    { ...own, mode: 0o400, attachments: 2, removed: false },
    { ...own, mode: 0o400, attachments: 1, removed: false },
    { ...own, mode: 0o400, attachments: 1, removed: true },
    'gone',
  ]);
});
