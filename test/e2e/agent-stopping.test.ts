import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { agentMain, eventually, useAgent } from '../helpers/use-agent.ts';

const tiny = identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]);

describe('stopping in the middle of something', () => {
  it('gives each of a thousand queued calls a status and goes in time', async () => {
    const agent = await useAgent({ args: ['--queue-size', '1000', '--stop-timeout-seconds', '1'] });
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 20 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    const calls = Array.from({ length: 1_000 }, () => agent.client.predict('slow', [{ bytes: new Uint8Array(4) }]));
    const outcomes = Promise.allSettled(calls);
    await calls[0];
    const stoppedAt = Date.now();
    expect(await agent.stop()).toBe(0);
    // One second to finish, two for a worker to end, and room for a busy machine.
    expect(Date.now() - stoppedAt).toBeLessThan(10_000);
    const kinds = (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? 'ok' : outcome.reason instanceof FescueError ? outcome.reason.kind : 'no status'));
    expect(new Set(kinds)).toEqual(new Set(['ok', 'unavailable']));
    expect(existsSync(agent.socketPath)).toBe(false);
  });

  it('does not wait for connections that are silent or calls that never end', async () => {
    const agent = await useAgent({ args: ['--stop-timeout-seconds', '0.5'] });
    const silent = connect(agent.socketPath);
    const session = connectHttp2('http://localhost', { createConnection: () => connect(agent.socketPath) });
    onTestFinished(() => {
      silent.destroy();
      session.destroy();
    });
    const unfinished = session.request({ ':method': 'POST', ':path': '/AWS.SageMaker.Edge.Agent/Predict', 'content-type': 'application/grpc', te: 'trailers' });
    for (const endpoint of [silent, session, unfinished]) endpoint.on('error', () => undefined);
    unfinished.write(Buffer.from([0, 0, 0, 1, 0, 1]));
    await once(silent, 'connect');
    await agent.client.listModels();
    expect(await agent.stop()).toBe(0);
    expect(existsSync(agent.socketPath)).toBe(false);
  });

  it('ends a worker that is still loading', async () => {
    const agent = await useAgent({ args: ['--stop-timeout-seconds', '0'] });
    await writeFile(join(agent.folder, 'tiny.onnx'), tiny);
    const loading = agent.client.loadModel('tiny.onnx', 'a').catch((error: unknown) => error);
    await eventually(() => agent.workers().length === 1, 'the worker to start');
    expect(await agent.stop()).toBe(0);
    expect(await loading).toBeInstanceOf(FescueError);
  });
});

describe('two agents started at the same moment', () => {
  it.each(['no socket file', 'the socket file of a killed agent'])('leave the socket to one where there was %s, and the other says so', async (before) => {
    const folder = await temporaryFolder();
    const socketPath = join(folder, 'agent.sock');
    if (before !== 'no socket file') await (await useAgent({ folder })).stop('SIGKILL');
    const agents = [0, 1].map(() => spawn(process.execPath, [agentMain, '-a', socketPath], { stdio: ['ignore', 'ignore', 'pipe'] }));
    onTestFinished(() => agents.forEach((agent) => agent.kill('SIGKILL')));
    const errors = agents.map((agent) => agent.stderr.setEncoding('utf8').toArray());
    await Promise.race(agents.map((agent) => once(agent, 'exit')));

    const refused = agents.findIndex((agent) => agent.exitCode !== null);
    expect(agents[refused]?.exitCode).toBe(1);
    expect(String(await errors[refused])).toContain(`The agent cannot serve on ${socketPath}: `);
    const client = new AgentClient({ socketPath });
    await client.waitUntilReady(20_000);
    expect(await client.listModels()).toEqual([]);
    client.close();
    agents[1 - refused]?.kill('SIGTERM');
    await eventually(() => agents[1 - refused]?.exitCode === 0, 'the other agent to stop');
  });
});

describe('unloading', () => {
  it('a model whose new worker is just loading it ends that worker', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'tiny.onnx'), tiny);
    await agent.client.loadModel('tiny.onnx', 'a');
    const [first = 0] = agent.workers();
    process.kill(first, 'SIGKILL');
    await eventually(() => agent.workers().some((pid) => pid !== first), 'the next worker to start');
    await agent.client.unloadModel('a');
    expect(await agent.client.listModels()).toEqual([]);
    await eventually(() => agent.workers().length === 0, 'the worker to end');
  });
});
