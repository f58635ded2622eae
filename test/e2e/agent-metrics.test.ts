import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { FescueError } from '../../components/common/errors.ts';
import { encodePredictRequest } from '../../components/common/hot-codec.ts';
import { loadAgentService } from '../../components/common/wire.ts';
import { http2Call } from '../helpers/http2-call.ts';
import { httpRequest } from '../helpers/http-get.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { parsedMetrics, scrape } from '../helpers/metrics-page.ts';
import { makeRawCall } from '../helpers/raw-call.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { agentMain, eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

async function useMeteredAgent(...args: string[]): Promise<{ agent: RunningAgent; metricsPath: string }> {
  const folder = await temporaryFolder();
  const metricsPath = join(folder, 'metrics.sock');
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
  return { agent: await useAgent({ folder, args: ['--metrics-address', metricsPath, ...args] }), metricsPath };
}

/** A TCP port that nobody used a moment ago. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('metrics', () => {
  it('follow calls, predictions, restarts and models', async () => {
    const { agent, metricsPath } = await useMeteredAgent();
    const before = await scrape(metricsPath);
    expect(before.value('fescue_agent_models_loaded')).toBe(0);
    expect(before.value(`fescue_agent_build_info{version="0.1.0",node="${process.versions.node}"}`)).toBe(1);
    expect(before.value('process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(Math.abs((before.value('process_start_time_seconds') ?? 0) * 1000 - Date.now())).toBeLessThan(60_000);
    expect(before.text).not.toContain('model=');

    await agent.client.loadModel('tiny.onnx', 'a');
    for (let call = 0; call < 3; call += 1) await agent.client.predict('a', [{ bytes: new Uint8Array(4) }]);
    await agent.client.predict('a', []).catch(() => undefined);
    await agent.client.predict('stranger', []).catch(() => undefined);
    const after = await scrape(metricsPath);
    expect(after.types.get('fescue_agent_predict_duration_seconds')).toBe('histogram');
    for (const stage of ['queue', 'run', 'total']) expect(after.value(`fescue_agent_predict_duration_seconds_count{model="a",stage="${stage}"}`), stage).toBe(4);
    const requests = (method: string, code: string): number | undefined => after.value(`fescue_agent_requests_total{method="${method}",code="${code}"}`);
    expect([requests('Predict', 'OK'), requests('Predict', 'INVALID_ARGUMENT'), requests('Predict', 'NOT_FOUND'), requests('LoadModel', 'OK')]).toEqual([3, 1, 1, 1]);
    expect(after.value('fescue_agent_models_loaded')).toBe(1);
    expect(after.value('fescue_agent_queue_depth{model="a"}')).toBe(0);
    expect(after.value('fescue_agent_worker_resident_memory_bytes{model="a"}')).toBeGreaterThan(10e6);
    expect(after.text).not.toContain('stranger');

    process.kill(agent.workers()[0] ?? 0, 'SIGKILL');
    await eventually(async () => (await scrape(metricsPath)).value('fescue_agent_worker_restarts_total{model="a"}') === 1, 'the restart to be counted');
    await agent.client.unloadModel('a');
    expect((await scrape(metricsPath)).text).not.toContain('model="a"');
  });

  it('count every call once, also those that gRPC refuses by itself or whose client has given up', async () => {
    const { agent, metricsPath } = await useMeteredAgent('--max-message-megabytes', '1');
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 300 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    const input = [{ bytes: new Uint8Array(4) }];
    const message = encodePredictRequest({ name: 'slow', tensors: [{ byteData: new Uint8Array(4) }] });
    const outcomes = Promise.all([
      agent.client.predict('slow', input).then(() => 0),
      http2Call(agent.socketPath, loadAgentService().Predict.path, message, { 'grpc-timeout': '100m' }).then(({ code }) => code),
      agent.client.predict('slow', input, { signal: AbortSignal.timeout(100) }).catch(({ kind }: FescueError) => kind),
      agent.client.predict('slow', [{ bytes: new Uint8Array(2e6) }]).catch(({ kind }: FescueError) => kind),
      makeRawCall(agent.socketPath, 'LoadModel', Buffer.from([7])).catch(({ code }: ServiceError) => code),
    ]);
    expect(await outcomes).toEqual([0, 4, 'cancelled', 'resource-exhausted', 3]);
    const left = new AbortController();
    const loading = agent.client.loadModel('tiny.onnx', 'a', { signal: left.signal });
    await eventually(() => agent.workers().length === 2, 'the load to begin');
    left.abort();
    await expect(loading).rejects.toMatchObject({ kind: 'cancelled' });
    await eventually(async () => (await agent.client.listModels()).length === 2, 'the load to end');
    const counted = [...(await scrape(metricsPath)).text.matchAll(/requests_total\{method="(\w+Model|Predict)",code="(\w+)"\} (\d+)/g)].map(([, method, code, count]) => `${method} ${code} ${count}`);
    expect(counted.toSorted()).toEqual([
      'LoadModel CANCELLED 1',
      'LoadModel INVALID_ARGUMENT 1',
      'LoadModel OK 1',
      'Predict CANCELLED 1',
      'Predict DEADLINE_EXCEEDED 1',
      'Predict OK 1',
      'Predict RESOURCE_EXHAUSTED 1',
    ]);
  });

  it('are served on a unix socket with the rights of the agent\'s, which goes with the agent', async () => {
    const { agent, metricsPath } = await useMeteredAgent('--unix-socket-mode', '0600');
    expect((statSync(metricsPath).mode & 0o777).toString(8)).toBe('600');
    expect(await agent.stop()).toBe(0);
    expect(existsSync(metricsPath)).toBe(false);
  });

  it.each(['127.0.0.1', '::1'])('are served on a port of %s, and nowhere else', async (host) => {
    const port = await freePort(host);
    await useAgent({ args: ['--metrics-address', host === '::1' ? `[::1]:${port}` : `${host}:${port}`] });
    expect(parsedMetrics((await httpRequest({ host, port, path: '/metrics' })).text).value('fescue_agent_models_loaded')).toBe(0);
    await expect(httpRequest({ host: host === '::1' ? '127.0.0.1' : '::1', port, path: '/metrics' })).rejects.toThrow('ECONNREFUSED');
  });

  it('answer only GET /metrics, and a connection that says nothing or too much is ended', async () => {
    const { metricsPath: socketPath } = await useMeteredAgent();
    expect((await httpRequest({ socketPath, path: '/' })).status).toBe(404);
    expect((await httpRequest({ socketPath, path: '/metrics', method: 'POST' })).status).toBe(405);
    expect((await httpRequest({ socketPath, path: `/${'x'.repeat(10_000)}` })).status).toBe(431);
    const silent = connect(socketPath);
    const ended = once(silent.resume(), 'close');
    await ended;
    expect((await scrape(socketPath)).value('fescue_agent_models_loaded')).toBe(0);
  });

  const refused = ['0.0.0.0:9464', '[::]:9464', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '9464', 'localhost:9464', '192.168.1.1:9464', 'metrics.sock'];
  it.each(refused)('refuse the address %s', (address) => {
    const { status, stderr } = spawnSync(process.execPath, [agentMain, '--metrics-address', address], { encoding: 'utf8', timeout: 20_000 });
    expect(status).toBe(1);
    expect(stderr).toContain(`MetricsAddress: expected 127.0.0.1:<port>, [::1]:<port> or the absolute path of a unix socket, got "${address}"`);
  });

  it('on an address that is taken keep the agent from starting', async () => {
    const { metricsPath, agent } = await useMeteredAgent();
    const second = (address: string): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, [agentMain, '-a', join(agent.folder, 'second.sock'), '--metrics-address', address], { encoding: 'utf8', timeout: 20_000 });
    expect(second(metricsPath)).toMatchObject({ status: 1, stderr: expect.stringContaining(`${metricsPath}: another process answers there`) });
    const port = await freePort('127.0.0.1');
    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    expect(second(`127.0.0.1:${port}`)).toMatchObject({ status: 1, stderr: expect.stringMatching(/cannot serve metrics on .*EADDRINUSE/) });
    taken.close();
    expect(existsSync(join(agent.folder, 'second.sock'))).toBe(false);
  });
});
