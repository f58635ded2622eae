import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { listProcesses } from '../../scripts/local-nucleus/process-tree.ts';
import { fescue, startFescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { photoFolder } from '../helpers/use-inference.ts';

type Photo = { image: string; results: { label: string; score: number }[]; preprocessMs: number; predictMs: number; totalMs: number };

/** The root a demo named on stderr. */
const rootOf = (stderr: string): string => /Starting the local nucleus in (\S+)/.exec(stderr)?.[1] ?? 'none';

/** Whether anything of a demo is still there: its root, or a process that runs below it. */
async function leftovers(root: string): Promise<string[]> {
  const folders = readdirSync(tmpdir()).map((name) => join(tmpdir(), name)).filter((path) => path === root);
  const commands = await Promise.all(listProcesses().map(({ pid }) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return [...folders, ...commands.filter((command) => command.includes(`${root}/`))];
}

/** The labels that are right for each photo, as the list beside the photos has them. */
async function acceptedLabels(): Promise<Map<string, string[]>> {
  const rows = (await readFile(join(photoFolder, 'README.md'), 'utf8')).matchAll(/^\| `([\w-]+\.jpg)` \|.*\| (.*) \|$/gm);
  return new Map([...rows].map(([, name = '', labels = '']) => [name, labels.split(', ').map((label) => label.replace(/ \(\d+\)$/, ''))]));
}

describe('the demo', () => {
  test('classifies every photo through the whole chain, one JSON object each, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await fescue('demo', '--json');
    expect(code, stderr).toBe(0);
    const photos = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Photo);
    const accepted = await acceptedLabels();
    expect(photos.map(({ image }) => image)).toEqual(readdirSync(photoFolder).filter((name) => name.endsWith('.jpg')).sort());
    for (const photo of photos) {
      expect(Object.keys(photo)).toEqual(['image', 'results', 'preprocessMs', 'predictMs', 'totalMs']);
      expect(photo.results.length).toBe(3);
      expect(accepted.get(photo.image), photo.image).toContain(photo.results[0]?.label);
      expect(photo.totalMs).toBeGreaterThanOrEqual(Math.max(photo.preprocessMs, photo.predictMs));
    }
    // The others stop as soon as they have run: they only bring files.
    const order = [...stderr.matchAll(/^ {2}(\S+): STOPPING$/gm)].map(([, name]) => name);
    expect(order.slice(-2)).toEqual(['dev.fescue.Inference', 'dev.fescue.EdgeAgent']);
    expect(await leftovers(rootOf(stderr))).toEqual([]);
  });

  test('classifies the own file, stays with --keep, and ends with Ctrl-C', async () => {
    const demo = startFescue('demo', '--keep', '--image', join(photoFolder, 'dog.jpg'));
    await eventually(() => demo.output().stderr.includes('Still running'), 'the demo to stay');
    expect(demo.output().stdout).toMatch(/^photo +top 3 .*\ndog\.jpg +German shepherd 0\.97, /);
    const socket = /socket is (\S+)\. Ctrl-C/.exec(demo.output().stderr)?.[1] ?? '';
    expect((await fescue('predict', 'list', '--socket', socket)).stdout).toMatch(/efficientnet-lite0/);
    const root = /fleet report --local (\S+)\n/.exec(demo.output().stderr)?.[1] ?? '';
    await vi.waitFor(async () => expect((await fescue('fleet', 'report', '--local', root)).stdout).toMatch(/^efficientnet-lite0 +1\.0\.0 +1 +0 +1 +1 +0 +1 +0$/m), { timeout: 30_000, interval: 500 });
    demo.process.kill('SIGINT');
    expect((await demo.done).code).toBe(0);
    expect(await leftovers(rootOf(demo.output().stderr))).toEqual([]);
  });

  test('refuses a file that is no image, or not there', async () => {
    const path = join(await temporaryFolder(), 'broken.jpg');
    await writeFile(path, 'no image');
    const broken = await fescue('demo', '--image', path);
    expect(broken).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/\nfescue: .*broken\.jpg is no image that can be read: .*\n$/) as string });
    expect(await fescue('demo', '--image', '/nowhere.jpg')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^fescue: Image \/nowhere\.jpg cannot be read/) as string });
  });
});

test('fescue dev runs the committed recipes', async () => {
  const folder = await temporaryFolder();
  const { buildComponents } = await import('../../scripts/packaging/build-components.ts');
  const { artifactDir, components } = await buildComponents({ folder });
  const configuration = join(folder, 'agent.json');
  await writeFile(configuration, JSON.stringify({ MERGE: { UnixSocketName: 'agent.sock' }, RESET: [] }));
  const inference = 'dev.fescue.Inference';
  const dev = startFescue('dev', '--recipe-dir', 'recipes', '--artifact-dir', artifactDir, '--component', `${inference}=${components[inference] ?? ''}`, '--config', `dev.fescue.EdgeAgent=${configuration}`, '--root', join(folder, 'root'));
  await eventually(() => dev.output().stdout.trimEnd().split('\n').length === 8, 'eight messages to AWS IoT Core');
  await eventually(() => readdirSync(join(folder, 'root')).includes('heartbeats.jsonl'), 'a heartbeat');
  expect(dev.output().stdout.trimEnd().split('\n')).toHaveLength(8);
  expect(dev.output().stdout).toMatch(/^gg\/sageMakerEdgeManager\/image-classification \{"timestamp"/);
  expect(dev.output().stderr).toMatch(/got AWS credentials from the token exchange service/);
  dev.process.kill('SIGTERM');
  expect((await dev.done).code).toBe(0);
  expect(readdirSync(join(folder, 'root/logs'))).toContain('dev.fescue.Inference.log');
});

test.each([
  [['--recipe-dir', 'recipes'], 2, /--recipe-dir and --artifact-dir go together/],
  [['--recipe-dir', 'recipes', '--artifact-dir', 'build'], 2, /at least one --component/],
  [['--component', 'no-version'], 2, /Expected name=value/],
  [['--credential-life', '-1'], 2, /Expected a number above 0/],
  [['--credentials', 'environment', '--component', 'x=1'], 1, /The environment holds no AWS credentials/],
  [['--config', 'x=/nowhere.json'], 1, /\/nowhere\.json cannot be used/],
  [['--recipe-dir', '/nowhere', '--artifact-dir', '/nowhere', '--component', 'x=1.0.0'], 1, /Recipe folder \/nowhere is not there/],
])('fescue dev %j is refused', async (args, code, message) => {
  const result = await fescue('dev', ...args);
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) as string });
});
