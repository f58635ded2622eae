import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { AgentClient } from '../../components/common/agent-client.ts';
import type { CaptureLine } from '../../components/common/capture-format.ts';
import { FescueError } from '../../components/common/errors.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { linesBelow } from '../helpers/captured-lines.ts';
import { isSoak } from '../helpers/soak.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const rounds = isSoak ? 200 : 8;
const callers = 6;

/** What the clients of all rounds were told. */
type Told = { readonly safe: Set<string>; readonly unknown: Set<string>; readonly success: Set<string> };

/** The bytes of a capture tell whose they are. */
function contentOf(id: string): Buffer {
  const number = Number(id.split('-')[1]);
  return Buffer.alloc(number % 20 === 0 ? 200_000 + number : 16 + (number % 64), id);
}

/** Captures until the signal, whatever becomes of the agent. */
async function captureOn(client: AgentClient, round: number, told: Told, signal: AbortSignal): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (!signal.aborted) {
      const id = `r${round}-${next}`;
      next += 1;
      const bytes = contentOf(id);
      try {
        await client.captureData({ model: 'm', id, inputs: [{ bytes, metadata: { name: 'x', dtype: 'UINT8', shape: [bytes.length] } }], outputs: [] });
        told.safe.add(id);
        if (next % 7 === 0) await ask(client, told);
      } catch (error) {
        if (!(error instanceof FescueError)) throw error;
        // Gone, or more than the disk takes away again: the client has to wait.
        if (error.kind === 'unavailable') told.unknown.add(id);
        else if (error.kind !== 'resource-exhausted') throw error;
        await pause(20);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** A capture that is safe is never unknown, and one that was delivered stays so. */
async function ask(client: AgentClient, told: Told): Promise<void> {
  const ids = [...told.safe].slice(-200);
  const id = ids[randomInt(ids.length)];
  if (id === undefined) return;
  const status = await client.captureStatus(id);
  if (status === 'NOT_FOUND' || status === 'FAILURE' || (told.success.has(id) && status !== 'SUCCESS')) throw new Error(`capture ${id} is safe, and the agent says ${status}`);
  if (status === 'SUCCESS') told.success.add(id);
}

async function killedRound(agent: RunningAgent, round: number, told: Told): Promise<void> {
  await agent.client.loadModel('m.onnx', 'm');
  const enough = new AbortController();
  const before = told.safe.size;
  const running = captureOn(agent.client, round, told, enough.signal);
  // On a busy machine the end may come before the first capture: not in every round.
  if (round % 2 === 0) await eventually(() => told.safe.size > before, `a capture of round ${round}`);
  await pause(50 + randomInt(400));
  if (round % 4 === 3) {
    process.kill(capturePid(agent), 'SIGKILL');
    await pause(randomInt(1_500));
  }
  await agent.stop('SIGKILL');
  enough.abort();
  await running;
}

function capturePid(agent: RunningAgent): number {
  const pids = [...agent.output().matchAll(/"capturePid":(\d+)/g)].map(([, pid]) => Number(pid));
  return pids.at(-1) ?? agent.pid;
}

/** The bytes a line holds or refers to. */
function bytesOf({ deviceFleetInputs: [entry] }: CaptureLine): Buffer {
  const reference = entry?.['data-ref'];
  return reference === undefined ? Buffer.from(entry?.data ?? '', 'base64') : readFileSync(fileURLToPath(reference));
}

test(`${rounds} times killed at random: every capture that was acknowledged is there once, whole, and its status is true`, async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'agent'));
  await writeFile(join(folder, 'agent/m.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  const start = (): Promise<RunningAgent> => useAgent({ folder: join(folder, 'agent'), socketPath: join(folder, 'a.sock'), args: ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1', '--capture-free-disk-megabytes', '0'] });
  const told: Told = { safe: new Set(), unknown: new Set(), success: new Set() };
  for (let round = 0; round < rounds; round += 1) await killedRound(await start(), round, told);
  expect(told.safe.size).toBeGreaterThanOrEqual(rounds / 2);

  const last = await start();
  const isDone = async (id: string): Promise<boolean> => ['SUCCESS', 'NOT_FOUND'].includes(await last.client.captureStatus(id));
  for (const id of [...told.safe, ...told.unknown].slice(-5_000)) await eventually(() => isDone(id), `capture ${id} to be delivered`);
  const capture = join(folder, 'agent/capture');
  const lines = await linesBelow(capture);
  const found = Map.groupBy(lines, ({ eventMetadata }) => eventMetadata.eventId);
  expect([...told.safe].filter((id) => !found.has(id))).toEqual([]);
  expect([...found].filter(([, twice]) => twice.length !== 1).map(([id]) => id)).toEqual([]);
  expect([...found.keys()].filter((id) => !told.safe.has(id) && !told.unknown.has(id))).toEqual([]);
  expect(lines.filter((line) => !bytesOf(line).equals(contentOf(line.eventMetadata.eventId))).map((line) => line.eventMetadata.eventId)).toEqual([]);
  expect(existsSync(join(folder, 'agent/capture-spool/quarantine'))).toBe(false);
  expect(await last.stop()).toBe(0);
  process.stdout.write(`kill loop: ${rounds} rounds, ${told.safe.size} captures acknowledged, ${told.unknown.size} without an answer, ${lines.length} found\n`);
}, rounds * 20_000);
