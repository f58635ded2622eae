import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Capture, PredictInput } from '../../components/common/agent-client.ts';
import type { CaptureLine } from '../../components/common/capture-format.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { capturedLines, linesBelow } from './captured-lines.ts';
import { scrape, type Page } from './metrics-page.ts';
import { isAlive } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { eventually, useAgent, type RunningAgent } from './use-agent.ts';

export type SpoolingAgent = RunningAgent & {
  /** Captures bytes, `content` or as many zeros, as one tensor of model `m`; the rest as it is given. */
  capture: (id: string, more?: { content?: Uint8Array; bytes?: number } & Partial<Capture>) => Promise<void>;
  /** The pid of the capture process that was started last. */
  capturePid: () => number;
  /** What is in the capture folder, once there are so many lines. */
  lines: (count: number) => Promise<CaptureLine[]>;
  ids: () => Promise<string[]>;
  metrics: () => Promise<Page>;
  spoolFolder: string;
  /** To be given to an agent that goes on with the files of this one. */
  root: string;
};

type Options = { args?: string[]; root?: string; environment?: NodeJS.ProcessEnv; wrap?: (command: readonly string[]) => [string, ...string[]] };

/** What makes captures go to the disk soon, whatever it has left. */
export const soonToDisk = ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1', '--capture-free-disk-megabytes', '0'];
/** Captures wait: no batch is full, and none is due. */
export const waiting = ['--capture-data-batch-size', '900', '--capture-data-buffer-size', '1000', '--capture-data-push-period-seconds', '3600'];

/** An agent that captures to its disk, with metrics and a model `m` of bytes; one with the same `root` goes on with its files. */
export async function useSpoolingAgent({ args = [], root, ...options }: Options = {}): Promise<SpoolingAgent> {
  const around = root ?? (await temporaryFolder());
  const [folder, metricsPath] = [join(around, 'work'), join(around, 'm.sock')];
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'm.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  const agent = await useAgent({ folder, socketPath: join(around, 'a.sock'), args: ['--metrics-address', metricsPath, ...soonToDisk, ...args], ...options });
  await agent.client.loadModel('m.onnx', 'm');
  const capturePids = (): number[] => [...agent.output().matchAll(/"capturePid":(\d+)/g)].map(([, pid]) => Number(pid));
  return {
    ...agent,
    capture: (id, { content, bytes = 8, ...more } = {}) => agent.client.captureData({ model: 'm', id, inputs: [bytesInput(content ?? new Uint8Array(bytes))], outputs: [], ...more }),
    capturePid: () => capturePids().at(-1) ?? 0,
    lines: (count) => capturedLines(join(folder, 'capture'), count),
    ids: async () => (await linesBelow(join(folder, 'capture'))).map(({ eventMetadata }) => eventMetadata.eventId).toSorted(),
    metrics: () => scrape(metricsPath),
    spoolFolder: join(folder, 'capture-spool'),
    root: around,
  };
}

export function bytesInput(content: Uint8Array, name = 'x'): PredictInput {
  return { bytes: content, metadata: { name, dtype: 'UINT8', shape: [content.length] } };
}

/** The bytes of the first input of a line, which must be in the line itself. */
export function firstBytes({ deviceFleetInputs: [entry] }: CaptureLine): Buffer {
  return Buffer.from(entry?.data ?? 'none', 'base64');
}

/** Waits until a capture has ended in a way. */
export async function hasStatus(agent: RunningAgent, id: string, status: string): Promise<void> {
  await eventually(async () => (await agent.client.captureStatus(id)) === status, `capture ${id} to be ${status}`);
}

/** Kills processes, and waits until they are gone. */
export async function killed(...pids: number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually(() => pids.every((pid) => !isAlive(pid)), 'the killed processes to be gone');
}
