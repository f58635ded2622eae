import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { Activity } from '../../../components/inference/activity.ts';
import { HandledImages } from '../../../components/inference/handled-images.ts';
import { imageSource } from '../../../components/inference/image-source.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { eventually } from '../../helpers/use-agent.ts';

/** Everything a source gives, as it comes. */
function collect(settings: Partial<Parameters<typeof imageSource>[0]['settings']>, { handled = new HandledImages(), activity = new Activity(), most = Infinity } = {}): { paths: string[]; stop: () => Promise<void>; logged: string[] } {
  const controller = new AbortController();
  const logged: string[] = [];
  const paths: string[] = [];
  const source = imageSource({ settings: { ImageName: '', ImageDirectory: '.', InferenceInterval: 0.02, ...settings }, handled, activity, log: pino({}, { write: (line: string) => void logged.push(line) }), signal: controller.signal });
  const done = (async () => {
    for await (const path of source) {
      paths.push(path);
      if (paths.length === most) break;
    }
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

test('another source leaves out what had its turn in one before, unless it has changed or is another file', async () => {
  const folder = await temporaryFolder();
  const path = (name: string): string => join(folder, name);
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']) await writeFile(path(name), name);
  const handled = new HandledImages();
  const first = collect({ ImageDirectory: folder }, { handled });
  await eventually(() => first.paths.length === 4, 'all images');
  await rm(path('d.jpg'));
  await writeFile(path('e.jpg'), 'e');
  await eventually(() => first.paths.length === 5, 'the new one');
  await first.stop();

  await writeFile(path('b.jpg'), 'other content');
  await writeFile(path('d.jpg'), 'd.jpg');
  const second = collect({ ImageDirectory: folder }, { handled });
  await eventually(() => second.paths.length === 2, 'what is new');
  expect(second.paths).toEqual([path('b.jpg'), path('d.jpg')]);
  await second.stop();
});

test('the image at which somebody breaks off has not had its turn', async () => {
  const folder = await temporaryFolder();
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) await writeFile(join(folder, name), name);
  const handled = new HandledImages();
  const activity = new Activity();
  const first = collect({ ImageDirectory: folder }, { handled, activity, most: 2 });
  await eventually(() => first.paths.length === 2, 'two images');
  await first.stop();
  expect(activity.busy).toBe(false);
  const second = collect({ ImageDirectory: folder }, { handled, activity });
  await eventually(() => second.paths.length === 2, 'the others');
  expect(second.paths).toEqual([join(folder, 'b.jpg'), join(folder, 'c.jpg')]);
});
