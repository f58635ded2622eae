import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { imageSource } from '../../../components/inference/image-source.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { eventually } from '../../helpers/use-agent.ts';

/** Everything a source gives, as it comes. */
function collect(settings: Partial<Parameters<typeof imageSource>[0]['settings']>): { paths: string[]; stop: () => Promise<void>; logged: string[] } {
  const controller = new AbortController();
  const logged: string[] = [];
  const paths: string[] = [];
  const source = imageSource({ settings: { ImageName: '', ImageDirectory: '.', InferenceInterval: 0.02, ...settings }, log: pino({}, { write: (line: string) => void logged.push(line) }), signal: controller.signal });
  const done = (async () => {
    for await (const path of source) paths.push(path);
  })();
  const stop = async (): Promise<void> => {
    controller.abort();
    await done;
  };
  onTestFinished(stop);
  return { paths, stop, logged };
}

test('a directory gives its images by name, then new and rewritten ones', async () => {
  const folder = await temporaryFolder();
  for (const name of ['b.JPG', 'a.png', 'c.webp', 'notes.txt', 'd.jpeg']) await writeFile(join(folder, name), name);
  const { paths, stop } = collect({ ImageDirectory: folder });
  await eventually(() => paths.length === 4, 'the images that were there');
  expect(paths).toEqual(['a.png', 'b.JPG', 'c.webp', 'd.jpeg'].map((name) => join(folder, name)));
  await writeFile(join(folder, 'more.txt'), 'text');
  await writeFile(join(folder, 'new.jpg'), 'new');
  await eventually(() => paths.length === 5, 'the new image');
  await writeFile(join(folder, 'a.png'), 'other content');
  await eventually(() => paths.length === 6, 'the rewritten image');
  expect(paths.slice(4)).toEqual([join(folder, 'new.jpg'), join(folder, 'a.png')]);
  await stop();
});

test('a directory that comes later is waited for', async () => {
  const folder = join(await temporaryFolder(), 'later');
  const { paths, logged } = collect({ ImageDirectory: folder });
  await eventually(() => logged.length === 1, 'the warning');
  expect(logged[0]).toMatch(/waiting for the image directory/);
  await mkdir(folder);
  await writeFile(join(folder, 'a.png'), 'x');
  await eventually(() => paths.length === 1, 'the image');
  expect(logged.length).toBe(1);
});

test('one image comes again and again, until the end', async () => {
  const { paths, stop } = collect({ ImageDirectory: '/data', ImageName: 'cat.jpg' });
  await eventually(() => paths.length >= 3, 'three times');
  await stop();
  expect(new Set(paths)).toEqual(new Set(['/data/cat.jpg']));
});

test('an absolute image name stands for itself, and a long pause ends at once', async () => {
  const { paths, stop } = collect({ ImageName: '/other/cat.jpg', InferenceInterval: 3600 });
  await eventually(() => paths.length === 1, 'the image');
  await stop();
  expect(paths).toEqual(['/other/cat.jpg']);
});
