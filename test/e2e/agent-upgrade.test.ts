import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { agentArtifacts, agentComponent, agentRecipe, agentVersion } from '../helpers/agent-recipe.ts';
import { linesBelow } from '../helpers/captured-lines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage } from '../helpers/use-inference.ts';
import { recipeOf, useNucleus, type TestNucleus } from '../helpers/use-nucleus.ts';

type Line = Record<string, unknown> & { msg: string };

const images = Array.from({ length: 150 }, (_, number) => `${1_000 + number}.jpg`);

type Fleet = {
  nucleus: TestNucleus;
  /** Deploys the agent again, as another version of itself. */
  upgrade: () => Promise<void>;
  agentPid: () => number;
  /** What the inference component logged with such a message. */
  lines: (message: RegExp) => Line[];
  /** The ids of the captures on the disk. */
  delivered: () => Promise<string[]>;
};

/** An agent and an inference component that classifies and captures a folder of images, below one nucleus. */
async function useFleet(dependencies: Record<string, object>): Promise<Fleet> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'images'));
  for (const name of images) await copyFile(join(photoFolder, 'dog.jpg'), join(folder, 'images', name));
  const nucleus = await useNucleus();
  const configuration = { ImageDirectory: join(folder, 'images'), ModelPath: samplePackage, UnixSocketName: '', PublishTo: 'stdout', CaptureEveryNth: 1, LogLevel: 'debug' };
  const run = `exec "${process.execPath}" "${resolve('components/inference/main.ts')}" 1>/dev/null`;
  const captures = { UnixSocketName: join(folder, 'agent.sock'), CaptureDataDestination: 'Disk', CaptureDataDiskPath: join(folder, 'captures'), CaptureDataPushPeriodSeconds: 0.5 };
  const deploy = async (change: string): Promise<void> =>
    nucleus.deploy({
      recipes: [agentRecipe(captures, change), recipeOf('inference', { lifecycle: { run, recover: 'sleep 1' }, configuration, dependencies })],
      artifacts: agentArtifacts,
      components: { [agentComponent]: agentVersion, inference: '1.0.0' },
    });
  await deploy('');
  const lines = (message: RegExp): Line[] => nucleus.output('inference').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line).filter(({ msg }) => message.test(msg));
  return {
    nucleus,
    upgrade: async () => deploy('--instances 2'),
    agentPid: () => nucleus.output(agentComponent).flatMap((line) => (line.startsWith('pid ') ? [Number(line.slice(4))] : [])).at(-1) ?? 0,
    lines,
    delivered: async () => (await linesBelow(join(folder, 'captures'))).map(({ eventMetadata }) => eventMetadata.eventId),
  };
}

const classified = ({ lines }: Fleet): string[] => lines(/^image classified/).map(({ image }) => basename(String(image)));
const safe = ({ lines }: Fleet): string[] => lines(/^captured$/).map(({ capture }) => String(capture));
const states = ({ nucleus }: Fleet, component: string): string[] => nucleus.events.flatMap((event) => (event.kind === 'state' && event.component === component ? [event.state] : []));

test('an agent that is killed and one that is upgraded cost neither image nor result, nor a capture that was begun', async () => {
  const fleet = await useFleet({});
  await eventually(() => classified(fleet).length > 10, 'the first images');
  process.kill(fleet.agentPid(), 'SIGKILL');
  await eventually(() => fleet.lines(/^model loaded/).length === 2, 'the model on the next agent');
  await eventually(() => classified(fleet).length > 60, 'images after the crash');
  await fleet.upgrade();
  await eventually(() => classified(fleet).length === images.length, 'all images');
  expect(fleet.lines(/^model loaded/)).toHaveLength(3);
  expect(classified(fleet)).toEqual(images);
  expect(states(fleet, 'inference')).toEqual(['INSTALLED', 'STARTING', 'RUNNING']);
  const last = fleet.lines(/^image classified/).at(-1);
  expect(last).toMatchObject({ classified: images.length, skipped: 0, unpublished: 0, capturesRefused: 0 });
  // While four captures wait for the agent, further images go without.
  const captured = images.length - Number(last?.['capturesSkipped']);
  await eventually(async () => safe(fleet).length === captured && (await fleet.delivered()).length >= captured, 'the captures');
  expect(sorted(await fleet.delivered())).toEqual(sorted(safe(fleet)));
});

test('a component that depends on the agent is restarted with it, without an error, and what it captured is delivered once', async () => {
  const fleet = await useFleet({ [agentComponent]: { VersionRequirement: `^${agentVersion}`, DependencyType: 'HARD' } });
  await eventually(() => classified(fleet).length > 10, 'the first images');
  await fleet.upgrade();
  await eventually(() => fleet.lines(/^model loaded/).length === 2, 'the model on the next agent');
  await eventually(() => new Set(classified(fleet)).size === images.length, 'all images');
  expect(states(fleet, 'inference').filter((state) => state === 'ERRORED' || state === 'BROKEN')).toEqual([]);
  expect(states(fleet, agentComponent)).not.toContain('ERRORED');
  await eventually(async () => (await fleet.delivered()).length >= safe(fleet).length, 'the captures');
  const delivered = await fleet.delivered();
  expect(delivered).toEqual(expect.arrayContaining(safe(fleet)));
  expect(new Set(delivered).size).toBe(delivered.length);
});

function sorted(names: readonly unknown[]): string[] {
  return names.map(String).toSorted((a, b) => a.localeCompare(b));
}
