import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AuxiliaryInput } from '../../components/common/agent-client.ts';
import { parseCaptureLine, type CaptureEntry, type CaptureLine } from '../../components/common/capture-format.ts';
import type { CaptureStatus } from '../../components/common/wire.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { TokenEndpoint } from './token-endpoint.ts';
import { eventually, useAgent, type RunningAgent } from './use-agent.ts';

export type CapturingAgent = RunningAgent & {
  /** Captures a tensor whose bytes follow from the id. */
  capture(id: string, options?: { auxiliary?: AuxiliaryInput; at?: Date }): Promise<void>;
  statuses(ids: readonly string[]): Promise<CaptureStatus[]>;
  /** Waits until every capture has come to this end. */
  ended(ids: readonly string[], status?: CaptureStatus): Promise<void>;
  /** What was logged with a message that begins like this. */
  logged(message: string): Record<string, unknown>[];
};

const model = 'pump';
const tensorBytes = 4_000;

/** The arguments for captures in a bucket, which go one by one and at once. */
export function toBucket({ endpoint, bucket = 'sagemaker-captures' }: { endpoint: string; bucket?: string }): string[] {
  return ['--capture-data-destination', 'Cloud', '--bucket-name', bucket, '--s3-endpoint', endpoint, '--aws-region', 'us-east-1', '--capture-data-batch-size', '1', '--capture-data-push-period-seconds', '0.1'];
}

/** A real agent with a loaded model, of which it captures. Its folder can be given again for a second one. */
export async function useCapturingAgent(options: { args: readonly string[]; tokens?: Pick<TokenEndpoint, 'environment'>; folder?: string; wrap?: (command: readonly string[]) => [string, ...string[]] }): Promise<CapturingAgent> {
  const folder = options.folder ?? (await temporaryFolder());
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  const agent = await useAgent({ folder, args: ['--device-name', 'camera-7', ...options.args], environment: { ...options.tokens?.environment }, ...(options.wrap === undefined ? {} : { wrap: options.wrap }) });
  await agent.client.loadModel('tiny.onnx', model);
  const statuses = async (ids: readonly string[]): Promise<CaptureStatus[]> => Promise.all(ids.map(async (id) => agent.client.captureStatus(id)));
  return {
    ...agent,
    statuses,
    async capture(id, { auxiliary, at } = {}) {
      const tensor = { metadata: { name: 'x', dtype: 'UINT8' as const, shape: [tensorBytes] }, bytes: tensorOf(id) };
      await agent.client.captureData({ model, id, ...(at === undefined ? {} : { at }), inputs: [tensor], outputs: [], ...(auxiliary === undefined ? {} : { auxiliaryInputs: [auxiliary] }) });
    },
    async ended(ids, status = 'SUCCESS') {
      await eventually(async () => (await statuses(ids)).every((one) => one === status), `${ids.join(', ')} to be ${status}`);
    },
    logged: (message) => agent.output().split('\n').flatMap((line) => (line.includes(`"msg":"${message}`) ? [JSON.parse(line) as Record<string, unknown>] : [])),
  };
}

/** Checks that objects are those of these captures: one line for each, all data, and nothing else. */
export function expectCaptures(objects: ReadonlyMap<string, Buffer>, ids: readonly string[]): void {
  const lines = linesIn(objects);
  expect(lines.map(({ eventMetadata }) => eventMetadata.eventId).toSorted()).toEqual([...ids].toSorted());
  const referred = lines.flatMap((line) => line.deviceFleetInputs.flatMap((entry) => keyOf(entry, objects) ?? []));
  expect([...objects.keys()].filter((key) => !key.endsWith('.jsonl')).toSorted()).toEqual(referred.toSorted());
  for (const { eventMetadata, deviceFleetInputs: [entry] } of lines) {
    const data = entry?.data === undefined ? objects.get(entry === undefined ? '' : (keyOf(entry, objects) ?? '')) : Buffer.from(entry.data, 'base64');
    expect(data?.equals(tensorOf(eventMetadata.eventId))).toBe(true);
  }
}

export function linesIn(objects: ReadonlyMap<string, Buffer>): CaptureLine[] {
  return [...objects].filter(([key]) => key.endsWith('.jsonl')).flatMap(([, body]) => body.toString().trimEnd().split('\n').map(parseCaptureLine));
}

/** The key among `objects` that an entry refers to. */
function keyOf(entry: CaptureEntry, objects: ReadonlyMap<string, Buffer>): string | undefined {
  const reference = entry['data-ref'];
  return reference === undefined ? undefined : ([...objects.keys()].find((key) => reference.endsWith(`/${key}`)) ?? `missing: ${reference}`);
}

function tensorOf(id: string): Buffer {
  return Buffer.alloc(tensorBytes, id);
}
