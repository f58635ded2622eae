import { copyFile, mkdir, mkdtemp, chmod, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, vi } from 'vitest';
import type { ResultMessage } from '../../components/inference/result-message.ts';
import type { Finished } from '../../scripts/deploy/run-process.ts';
import type { ComponentStatus, DeploymentState } from '../../scripts/deploy/target.ts';
import { photoFolder } from '../helpers/use-inference.ts';
import { LineStream, listenTo, runFescue } from './fescue.ts';
import type { Release } from './release.ts';

/** A nucleus that runs, and that this user may deploy to. */
export type Nucleus = { readonly to: 'local' | 'greengrass'; readonly root: string; readonly stop: () => Promise<void> };

export type Deployed = Finished & { readonly state: DeploymentState; readonly components: Readonly<Record<string, string>> };

/** What a component logged. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** The longest wait for anything. */
export const patienceMs = 60_000;

/** A nucleus as a person sees it: through the command line, the agent's socket, and the processes and files there are. */
export class Device {
  readonly #nucleus: Nucleus;
  readonly #folder: string;
  readonly #results: LineStream;
  readonly #logs = new Map<string, LineStream>();
  readonly #begin = new Date().toISOString();

  private constructor(nucleus: Nucleus, folder: string, results: LineStream) {
    this.#nucleus = nucleus;
    this.#folder = folder;
    this.#results = results;
  }

  /** Makes folders that the components' user may write to, and listens to what is published. */
  static async open(nucleus: Nucleus): Promise<Device> {
    const folder = await mkdtemp(join(tmpdir(), 'fescue-bundle-'));
    const device = new Device(nucleus, folder, listenTo(nucleus));
    await mkdir(device.images);
    for (const path of [folder, device.images]) await chmod(path, 0o777);
    if (await device.#results.says(/Listening on/)) return device;
    await device.close();
    throw new Error(device.#results.messages);
  }

  /** Also removes what a test that failed has left deployed. */
  async close(): Promise<void> {
    try {
      const left = Object.keys(await this.status()).filter((name) => name.startsWith('dev.fescue.'));
      if (left.length > 0) await this.remove(...left);
    } finally {
      for (const stream of [this.#results, ...this.#logs.values()]) await stream.close();
      await this.#nucleus.stop();
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  get images(): string {
    return join(this.#folder, 'images');
  }

  get captures(): string {
    return join(this.#folder, 'captures');
  }

  get socketPath(): string {
    return join(this.#folder, 'agent.sock');
  }

  /** Where releases can be made. */
  get releases(): string {
    return join(this.#folder, 'releases');
  }

  async deploy(release: Release, ...changes: string[]): Promise<Deployed> {
    const components = Object.entries(release.versions).flatMap(([name, version]) => ['--component', `${name}=${version}`]);
    return this.#deployWith('--recipe-dir', release.recipeDir, '--artifact-dir', release.artifactDir, ...components, ...changes);
  }

  async remove(...components: readonly string[]): Promise<Deployed> {
    return this.#deployWith(...components.flatMap((name) => ['--remove', name]));
  }

  /** Version and state of every component, such as `0.1.0 RUNNING`. */
  async status(): Promise<Readonly<Record<string, string>>> {
    const { code, stdout, stderr } = await runFescue('deploy', '--status', '--json', ...this.#flags);
    expect(code, stderr).toBe(0);
    return byName((JSON.parse(stdout) as { components: ComponentStatus[] }).components);
  }

  /** Follows the log of a component, whose lines begin with their time, from its beginning; it has to have one. */
  followLog(component: string): void {
    const stream = new LineStream('logs', component, '-n', '100000', '-f', ...this.#flags);
    this.#logs.set(component, stream);
  }

  /** What a component, whose log is followed, logged with such a message. */
  logged(component: string, message: RegExp): LogLine[] {
    return this.output(component).flatMap((line) => /\{"level".*\}/.exec(line) ?? []).map((json) => JSON.parse(json) as LogLine).filter(({ msg }) => message.test(msg));
  }

  /** Every line of a log that is followed, without those of an earlier life on the same device. */
  output(component: string): readonly string[] {
    return (this.#logs.get(component)?.lines ?? []).filter((line) => line > this.#begin);
  }

  /** The number of the component's main process, whether it lives or not. */
  async pid(component: string): Promise<number> {
    return vi.waitFor(async () => {
      const text = await readFile(join(this.#nucleus.root, 'work', component, '.pid'), 'utf8');
      // While a process starts, the file is empty for a moment.
      if (!/^\d+\n$/.test(text)) throw new Error(`${component} has noted ${JSON.stringify(text)} as the number of its process`);
      return Number(text);
    }, waiting);
  }

  /** Value of a variable of the component's main process. */
  async variable(component: string, name: string): Promise<string | undefined> {
    const variables = (await readFile(`/proc/${await this.pid(component)}/environ`, 'utf8')).split('\0');
    return variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  /** Command lines of the processes that the components have. */
  async processes(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const commands = await Promise.all(pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return commands.map((command) => command.replaceAll('\0', ' ')).filter((command) => command.includes(join(this.#nucleus.root, 'work/dev.fescue.')));
  }

  /** The versions of a component whose artifacts are there. */
  async versionsOf(component: string): Promise<string[]> {
    return readdir(join(this.#nucleus.root, 'packages/artifacts', component)).catch(() => []);
  }

  /** Gives the inference component a photo of a dog to classify. */
  async addPhoto(name: string): Promise<void> {
    await copyFile(join(photoFolder, 'dog.jpg'), join(this.#folder, name));
    await chmod(join(this.#folder, name), 0o644);
    await rename(join(this.#folder, name), join(this.images, name));
  }

  /** What was published for a photo, the latest last. */
  resultsOf(photo: string): ResultMessage[] {
    return this.#results.lines.map((line) => (JSON.parse(line) as { payload: ResultMessage }).payload).filter(({ image }) => basename(image) === photo);
  }

  /** Gives a photo and waits for what is published for it. */
  async classify(photo: string): Promise<ResultMessage> {
    await this.addPhoto(photo);
    return vi.waitFor(() => {
      const result = this.resultsOf(photo).at(-1);
      if (result === undefined) throw new Error(`nothing is published for ${photo}`);
      return result;
    }, waiting);
  }

  /** The ids of the captures that are delivered. */
  async captured(): Promise<string[]> {
    const { stdout } = await runFescue('capture', 'ls', this.captures, '--json');
    return stdout.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { id: string }).id);
  }

  async #deployWith(...args: string[]): Promise<Deployed> {
    const finished = await runFescue('deploy', '--json', ...args, ...this.#flags);
    if (finished.stdout === '') throw new Error(finished.stderr);
    const { state, components } = JSON.parse(finished.stdout) as { state: DeploymentState; components: ComponentStatus[] };
    return { ...finished, state, components: byName(components) };
  }

  get #flags(): string[] {
    return ['--to', this.#nucleus.to, '--root', this.#nucleus.root];
  }
}

/** For `vi.waitFor`. */
export const waiting = { timeout: patienceMs, interval: 100 };

function byName(components: readonly ComponentStatus[]): Record<string, string> {
  return Object.fromEntries(components.map(({ name, version, state }) => [name, `${version} ${state}`.trim()]));
}
