import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { useLoopbackServer, type LoopbackServer } from './loopback-server.ts';
import { signatureError } from './signature.ts';

/** The shapes of the data plane, as the API's model has them. */
const name = z.string().min(1).max(63).regex(/^[a-zA-Z0-9](-*_*[a-zA-Z0-9])*$/);
const metric = z.strictObject({
  Dimension: z.string().min(1).max(1_000).regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9/])*$/),
  MetricName: z.string().min(4).max(100).regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/),
  Value: z.number(),
  Timestamp: z.number(),
});
const version = z.string().min(1).max(64).regex(/^[a-zA-Z0-9 ._]+$/);
const model = z.strictObject({
  ModelName: z.string().min(4).max(255).regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/),
  ModelVersion: version.optional(),
  LatestSampleTime: z.number().optional(),
  LatestInference: z.number().optional(),
  ModelMetrics: z.array(metric).optional(),
});
const shapes = {
  '/GetDeviceRegistration': z.strictObject({ DeviceName: name, DeviceFleetName: name }),
  '/SendHeartbeat': z.strictObject({ AgentVersion: version, DeviceName: name, DeviceFleetName: name, AgentMetrics: z.array(metric).optional(), Models: z.array(model).optional() }),
} as const;

export type EdgeHeartbeat = z.output<(typeof shapes)['/SendHeartbeat']>;
export type EdgeFault = 'hang' | 'cut' | { status: number; type?: string; body?: string };

export type EdgeServer = LoopbackServer & {
  /** The operations that were asked for, whatever became of them. */
  readonly calls: string[];
  /** Those that were taken. */
  readonly heartbeats: EdgeHeartbeat[];
  /** What was refused, and why. */
  readonly refusals: string[];
  /** What goes wrong with a call that is right; undefined for nothing. */
  fault: (operation: string) => EdgeFault | undefined;
  /** As text of seconds, or whatever a server may say. */
  cacheTtl: unknown;
};

/** A server of SageMaker Edge Manager's data plane on the loopback interface: takes what is signed and has the right shape. */
export async function useEdgeServer(secretOf: (accessKeyId: string) => string | undefined): Promise<EdgeServer> {
  const served = await useLoopbackServer((message, response) => void answer(message, response));
  const edge: EdgeServer = { ...served, calls: [], heartbeats: [], refusals: [], fault: () => undefined, cacheTtl: '86400' };

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(message);
    const path = message.url ?? '';
    edge.calls.push(path.slice(1));
    const wrong = signatureError({ method: message.method ?? '', path, headers: message.headers, body }, { service: 'sagemaker', region: 'us-east-1', secretOf });
    if (wrong !== undefined) return refuse(response, 403, wrong, 'The request signature does not match.');
    const fault = edge.fault(path.slice(1));
    if (fault === 'hang') return;
    if (fault === 'cut') return void response.destroy();
    if (fault !== undefined) return refuse(response, fault.status, fault.type ?? '', fault.body ?? 'told to');
    const shape = Object.entries(shapes).find(([one]) => one === path)?.[1];
    const content = shape?.safeParse(JSON.parse(body.toString()));
    if (content?.success !== true) return refuse(response, 400, 'ValidationException', content?.error.message ?? 'no such operation');
    if (path === '/SendHeartbeat') edge.heartbeats.push(content.data as EdgeHeartbeat);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(path === '/SendHeartbeat' ? {} : { DeviceRegistration: '{"fleet":"lobby"}', CacheTTL: edge.cacheTtl }));
  }

  function refuse(response: ServerResponse, status: number, type: string, text: string): void {
    edge.refusals.push(`${status} ${type}: ${text}`);
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': `${type}:http://internal.amazon.com/` }).end(JSON.stringify({ message: text }));
  }
  return edge;
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
