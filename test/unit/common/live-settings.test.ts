import { expect, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import { LiveSettings, type LiveSettingsOptions } from '../../../components/common/live-settings.ts';
import { readConfiguration, type Configuration } from '../../../components/inference/configuration.ts';
import { inferenceSettings } from '../../../components/inference/settings.ts';
import { useLogger } from '../../helpers/use-logger.ts';

type Hooks = Pick<LiveSettingsOptions<Configuration>, 'onFollowed' | 'onPostponed'>;

/** Settings that follow the configurations handed to `change`. */
async function useSettings(first: Record<string, unknown>, hooks: Hooks = {}): Promise<{ live: LiveSettings<Configuration>; lines: Record<string, unknown>[]; level: () => string; change: (configuration: Record<string, unknown>) => Promise<void> }> {
  const { log, lines } = useLogger();
  let deployed = first;
  const read = (): ReturnType<typeof readConfiguration> => readConfiguration({ ipc: { getConfiguration: async (component) => (component === undefined ? deployed : undefined) }, environment: { FESCUE_MAX_RESULTS: '3' }, flags: {} });
  const live = new LiveSettings({ table: inferenceSettings, initial: await read(), read, log, ...hooks });
  const change = async (configuration: Record<string, unknown>): Promise<void> => {
    deployed = configuration;
    await live.update();
  };
  return { live, lines, level: () => log.level, change };
}

test('live settings follow, and go back to their defaults', async () => {
  const { live, lines, level, change } = await useSettings({ CaptureEveryNth: 2 });
  await change({ CaptureLabels: 'cat', ScoreThreshold: '0.5', LogLevel: 'warn', PublishResultsOnTopic: 'other' });
  expect(live.current).toMatchObject({ CaptureEveryNth: 0, CaptureLabels: 'cat', ScoreThreshold: 0.5, LogLevel: 'warn', PublishResultsOnTopic: 'other' });
  expect(level()).toBe('warn');
  await change({ LogLevel: 'info', CaptureOnTopChange: true });
  expect(live.current).toMatchObject({ CaptureLabels: '', ScoreThreshold: 0.3, CaptureOnTopChange: true });
  expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'configuration changed', settings: { CaptureOnTopChange: true, CaptureLabels: '' } });
});

test('nothing is said when nothing changed', async () => {
  const { lines, change } = await useSettings({ CaptureEveryNth: 2, Unknown: 1 });
  await change({ CaptureEveryNth: '2', Unknown: 1, accessControl: {} });
  expect(lines).toEqual([]);
});

test('what the environment sets stays, whatever is deployed', async () => {
  const { live, change } = await useSettings({});
  await change({ MaxResults: 7 });
  expect(live.current.MaxResults).toBe(3);
});

test('a configuration with a problem changes nothing, and every problem is told in one warning', async () => {
  const { live, lines, change } = await useSettings({ CaptureEveryNth: 2 });
  const before = live.current;
  await change({ CaptureEveryNth: 7, CaptureRandomShare: 2, CapturePriority: 'high' });
  expect(live.current).toBe(before);
  expect(lines).toMatchObject([{ level: 'warn', reason: expect.stringMatching(/CaptureRandomShare: expected a number from 0 to 1, got 2\n.*CapturePriority: expected a digit from 0 to 9, got "high"/) as string, msg: 'a change of the configuration was refused; going on with the settings before' }]);
  await change({ CaptureEveryNth: 7 });
  expect(live.current.CaptureEveryNth).toBe(7);
});

test('a setting that is not live waits for the next start, and is told once', async () => {
  const { live, lines, change } = await useSettings({ ImageName: 'a.jpg' });
  await change({ ImageName: 'b.jpg', CaptureEveryNth: 1 });
  expect(live.current).toMatchObject({ ImageName: 'a.jpg', CaptureEveryNth: 1 });
  await change({ ImageName: 'b.jpg', CaptureEveryNth: 2 });
  await change({ ImageName: 'a.jpg', CaptureEveryNth: 2 });
  expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([{ settings: { ImageName: 'b.jpg' }, msg: 'changed settings take effect with the next start only' }]);
});

test('whoever can begin anew is told instead, and takes up everything then', async () => {
  const postponed: object[] = [];
  const { live, lines, change } = await useSettings({ ImageName: 'a.jpg' }, { onPostponed: (changes) => postponed.push(changes) });
  await change({ ImageName: 'b.jpg', CaptureEveryNth: 1 });
  expect(live.current).toMatchObject({ ImageName: 'a.jpg', CaptureEveryNth: 1 });
  expect(live.takeUp()).toMatchObject({ ImageName: 'b.jpg', CaptureEveryNth: 1 });
  expect(live.current.ImageName).toBe('b.jpg');
  await change({ ImageName: 'b.jpg', CaptureEveryNth: 3, MaxResults: 1 });
  expect(postponed).toEqual([{ ImageName: 'b.jpg' }]);
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
});

test('only a change that can be used is passed on', async () => {
  const followed: unknown[] = [];
  const { change } = await useSettings({}, { onFollowed: ({ settings }) => followed.push(settings.CaptureEveryNth) });
  await change({ CaptureEveryNth: 'often' });
  await change({ CaptureEveryNth: 4, ImageName: 'b.jpg' });
  await change({ CaptureEveryNth: 4, ImageName: 'c.jpg' });
  expect(followed).toEqual([4]);
});

test('readings that are asked for at once come one after the other', async () => {
  const { log } = useLogger();
  const initial = await readConfiguration({ ipc: undefined, environment: {}, flags: {} });
  const answers = [Promise.withResolvers<Configuration>(), Promise.withResolvers<Configuration>()];
  let asked = 0;
  const read = async (): Promise<Configuration> => (answers[asked++] ?? Promise.withResolvers<Configuration>()).promise;
  const live = new LiveSettings({ table: inferenceSettings, initial, read, log });
  const updates = [live.update(), live.update()];
  const reading = (MaxResults: number): Configuration => ({ ...initial, settings: { ...initial.settings, MaxResults } });
  answers[1]?.resolve(reading(2));
  answers[0]?.resolve(reading(1));
  await Promise.all(updates);
  expect(live.current.MaxResults).toBe(2);
});

test('a key that means nothing is told when it comes', async () => {
  const { lines, change } = await useSettings({ Old: 1 });
  await change({ Old: 1, CaptureEveryN: 5 });
  await change({ Old: 1, CaptureEveryN: 6 });
  expect(lines).toMatchObject([{ level: 'warn', key: 'CaptureEveryN' }]);
});

test('a configuration that cannot be read changes nothing', async () => {
  const { log, lines } = useLogger();
  const initial = await readConfiguration({ ipc: undefined, environment: {}, flags: {} });
  const live = new LiveSettings({ table: inferenceSettings, initial, read: () => Promise.reject(new FescueError('unavailable', 'The nucleus is away.')), log });
  await live.update();
  expect(live.current).toBe(initial.settings);
  expect(lines).toMatchObject([{ level: 'warn', reason: 'The nucleus is away.', msg: 'the configuration could not be read again; going on with the settings before' }]);
});
