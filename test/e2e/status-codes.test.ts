import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { loadAgentService, type AgentMethod } from '../../components/common/wire.ts';
import { identityModel, onnxModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { http2Call, type Outcome } from '../helpers/http2-call.ts';
import { httpRequest } from '../helpers/http-get.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const service = loadAgentService();
const pair = identityModel([{ name: 'x', type: 'FLOAT32', shape: ['batch', 2] }]);

/** A model whose input says which of two numbers it answers; a third one fails while it runs. */
const lookup = onnxModel({
  inputs: [{ name: 'index', type: 'INT64', shape: [1] }],
  outputs: [{ name: 'y', type: 'FLOAT32', shape: [1] }],
  nodes: [{ operator: 'Gather', inputs: ['w', 'index'], outputs: ['y'] }],
  weights: [{ name: 'w', shape: [2], values: Float32Array.of(1, 2) }],
});

/** An agent in a folder of its own, and what its requests need. */
type Scene = {
  agent: RunningAgent;
  /** Sends a message, as an object or as bytes. @returns the agent's status */
  send: (method: AgentMethod, message: object, headers?: Record<string, string>) => Promise<Outcome>;
  write: (name: string, content: string | Uint8Array) => Promise<void>;
  /** Loads a model as `m`. */
  load: (content: Uint8Array) => Promise<void>;
};

type Row = { call: AgentMethod; code: keyof typeof status; when: string; words: RegExp; args?: string[]; request: (scene: Scene) => Promise<Outcome> };

const one = { name: 'm', tensors: [{ byteData: Buffer.alloc(4) }] };

/** Predicts with a model that takes two numbers called `x`. */
const predictPair = (dataType: string, shape: number[], name = 'x', bytes = 8) => async (scene: Scene): Promise<Outcome> => {
  await scene.load(pair);
  return scene.send('Predict', { name: 'm', tensors: [{ tensorMetadata: { name: Buffer.from(name), dataType, shape }, byteData: Buffer.alloc(bytes) }] });
};

/** Loads a file of that content as `m`. */
const loadFile = (name: string, content: string | Uint8Array) => async (scene: Scene): Promise<Outcome> => {
  await scene.write(name, content);
  return scene.send('LoadModel', { url: name, name: 'm' });
};

const toDisk = ['--capture-data-destination', 'Disk'];
const captured = (name: string, shape: number[]) => ({ tensorMetadata: { name: Buffer.from(name), dataType: 'FLOAT32', shape }, byteData: Buffer.alloc(Math.max(0, shape.reduce((a, b) => a * b, 4))) });

/** Captures with a model that is loaded. */
const capture = (code: Row['code'], when: string, words: RegExp, message: object, args: string[] = toDisk): Row => ({
  call: 'CaptureData', code, when, words, args,
  async request({ load, send }) {
    await load(pair);
    return send('CaptureData', { modelName: 'm', captureId: 'a', ...message });
  },
});

const rows: Row[] = [
  { call: 'Predict', code: 'NOT_FOUND', when: 'the alias is not loaded', words: /^Model "m" is not loaded; loaded models: none\.$/, request: ({ send }) => send('Predict', one) },
  { call: 'Predict', code: 'INVALID_ARGUMENT', when: 'the model has no input of the name', words: /^Predict: the model has no input "y"; its inputs are "x"\.$/, request: predictPair('FLOAT32', [1, 2], 'y') },
  { call: 'Predict', code: 'INVALID_ARGUMENT', when: 'the data type is another', words: /^Predict: input "x" expected FLOAT32 \[-1, 2\], got FLOAT64 \[1, 2\]\.$/, request: predictPair('FLOAT64', [1, 2]) },
  { call: 'Predict', code: 'INVALID_ARGUMENT', when: 'the shape does not fit', words: /^Predict: input "x" expected FLOAT32 \[-1, 2\], got FLOAT32 \[1, 3\]\.$/, request: predictPair('FLOAT32', [1, 3]) },
  { call: 'Predict', code: 'INVALID_ARGUMENT', when: 'the bytes are not the shape\'s', words: /^Predict: input "x" as FLOAT32 \[1, 2\] takes 8 bytes, got 7\.$/, request: predictPair('FLOAT32', [1, 2], 'x', 7) },
  {
    call: 'Predict', code: 'INTERNAL', when: 'the model fails while it runs', words: /^ONNX Runtime failed to run the model: .*Gather/,
    async request({ load, send }) {
      await load(lookup);
      return send('Predict', { name: 'm', tensors: [{ byteData: Buffer.from(BigInt64Array.of(2n).buffer) }] });
    },
  },
  {
    call: 'Predict', code: 'RESOURCE_EXHAUSTED', when: 'the queue is full', words: /^Model "m" already has 1 predictions waiting \(QueueSize\)/, args: ['--queue-size', '1'],
    async request({ load, send }) {
      await load(slowModel({ steps: 300 }));
      const outcomes = await Promise.all([send('Predict', one), send('Predict', one), send('Predict', one)]);
      return outcomes.find(({ code }) => code !== status.OK) ?? { code: status.OK, details: 'nothing was refused' };
    },
  },
  {
    call: 'Predict', code: 'DEADLINE_EXCEEDED', when: 'the client\'s deadline passes', words: /^The deadline passed before the call was answered\.$/,
    async request({ load, send }) {
      await load(slowModel({ steps: 300 }));
      return send('Predict', one, { 'grpc-timeout': '50m' });
    },
  },
  {
    call: 'Predict', code: 'CANCELLED', when: 'the client gives up', words: /^The call was cancelled\.$/,
    async request({ agent, load }) {
      await load(slowModel({ steps: 300 }));
      const call = agent.client.predict('m', [{ bytes: new Uint8Array(4) }], { signal: AbortSignal.timeout(50) });
      return call.then(() => ({ code: status.OK, details: '' }), ({ message }: Error) => ({ code: status.CANCELLED, details: message }));
    },
  },

  { call: 'LoadModel', code: 'NOT_FOUND', when: 'nothing is at the url', words: /^There is nothing at \/.*\/nothing\.onnx\. Expected a model package directory or an \.onnx file\.$/, request: ({ send }) => send('LoadModel', { url: 'nothing.onnx', name: 'm' }) },
  {
    call: 'LoadModel', code: 'ALREADY_EXISTS', when: 'the alias is in use', words: /^Alias "m" is in use by m\.onnx\. Unload it first, or choose another alias\.$/,
    async request({ load, send }) {
      await load(pair);
      return send('LoadModel', { url: 'other.onnx', name: 'm' });
    },
  },
  ...['', '-a', 'a-', 'a b', 'ä', '../a', 'a'.repeat(1025)].map((alias): Row => ({ call: 'LoadModel', code: 'INVALID_ARGUMENT', when: `the alias is ${JSON.stringify(alias.slice(0, 8))}`, words: /^Model alias ".*": expected letters, digits and inner dashes/, request: ({ send }) => send('LoadModel', { url: 'm.onnx', name: alias }) })),
  ...['', 's3://bucket/model', 'file://host/model', 'a\0b'].map((url): Row => ({ call: 'LoadModel', code: 'INVALID_ARGUMENT', when: `the url is ${JSON.stringify(url)}`, words: /^Model url ".*": expected (the path of a model package|a local file:\/\/ url)/, request: ({ send }) => send('LoadModel', { url, name: 'm' }) })),
  { call: 'LoadModel', code: 'INVALID_ARGUMENT', when: 'the file is no model', words: /notes\.txt is no model: expected a package directory .* or a file ending in \.onnx/, request: loadFile('notes.txt', 'no model') },
  { call: 'LoadModel', code: 'FAILED_PRECONDITION', when: 'the folder is no package', words: /^There is no \/.*sagemaker_edge_manifest\. A model package needs its manifest/, request: ({ send }) => send('LoadModel', { url: '.', name: 'm' }) },
  { call: 'LoadModel', code: 'FAILED_PRECONDITION', when: 'the file is cut off', words: /^ONNX Runtime cannot load \/.*truncated\.onnx: .* Expected a complete ONNX model\.$/, request: loadFile('truncated.onnx', pair.subarray(0, pair.length - 20)) },
  { call: 'LoadModel', code: 'FAILED_PRECONDITION', when: 'the file holds something else', words: /^ONNX Runtime cannot load \/.*garbage\.onnx/, request: loadFile('garbage.onnx', '<html>404</html>') },
  { call: 'LoadModel', code: 'FAILED_PRECONDITION', when: 'a tensor has a type the contract does not carry', words: /^Tensor "s" of the model is string; the agent's API carries UINT8, /, request: loadFile('strings.onnx', identityModel([{ name: 's', type: 'STRING', shape: [1] }])) },
  {
    call: 'LoadModel', code: 'RESOURCE_EXHAUSTED', when: 'there is not the memory for it', words: /^Model "m" needs about 80000\d\d MB for a worker while it loads, and \d+ MB are available/,
    async request({ agent, send, write }) {
      // A sparse file takes no room on the disk.
      await write('huge.onnx', '');
      await truncate(join(agent.folder, 'huge.onnx'), 4e12);
      return send('LoadModel', { url: 'huge.onnx', name: 'm' });
    },
  },

  ...(['UnLoadModel', 'DescribeModel'] as const).map((call): Row => ({ call, code: 'NOT_FOUND', when: 'the alias is not loaded', words: /^Model "m" is not loaded; loaded models: none\.$/, request: ({ send }) => send(call, { name: 'm' }) })),
  { call: 'CaptureData', code: 'NOT_FOUND', when: 'the alias is not loaded', words: /^Model "m" is not loaded; loaded models: none\.$/, request: ({ send }) => send('CaptureData', { modelName: 'm', captureId: 'a' }) },
  capture('FAILED_PRECONDITION', 'no bucket is named', /^CaptureData: captured data goes to the cloud, and no bucket is named\. Set BucketName, or/, {}, []),
  capture('INVALID_ARGUMENT', 'the id is empty', /capture_id is empty; expected a text/, { captureId: '' }),
  capture('INVALID_ARGUMENT', 'the id is too long', /capture_id has 1025 bytes; expected at most 1024\.$/, { captureId: 'ä'.repeat(512) + 'a' }),
  capture('INVALID_ARGUMENT', 'a tensor has no metadata', /^CaptureData: input tensor 0 has no tensor_metadata; expected its name, data_type and shape\.$/, { inputTensors: [{ byteData: Buffer.alloc(8) }] }),
  capture('INVALID_ARGUMENT', 'a tensor has other bytes than its shape', /^CaptureData: output tensor 1 \("y"\) as FLOAT32 \[2, 2\] takes 16 bytes, got 8\.$/, { outputTensors: [captured('x', [2]), { ...captured('y', [2, 2]), byteData: Buffer.alloc(8) }] }),
  capture('INVALID_ARGUMENT', 'a shape is open', /input tensor 0 \("x"\) has the shape \[-1, 2\]; expected the length of every axis/, { inputTensors: [{ ...captured('x', [-1, 2]), byteData: Buffer.alloc(8) }] }),
  capture('INVALID_ARGUMENT', 'a tensor has no data', /input tensor 0 \("x"\) carries no data; set byte_data or shared_memory_handle/, { inputTensors: [{ tensorMetadata: captured('x', [2]).tensorMetadata }] }),
  capture('INVALID_ARGUMENT', 'an encoding is not in the enum', /auxiliary input 0 \("jpg"\) has the encoding 9; expected one of CSV, JSON, NONE, BASE64/, { inputs: [{ name: 'jpg', encoding: 9, byteData: Buffer.alloc(1) }] }),
  capture('INVALID_ARGUMENT', 'the priority is no digit', /"fescue-priority" is "high"; expected a digit from 0 to 9/, { inputs: [{ name: 'fescue-priority', encoding: 'NONE', byteData: Buffer.from('high') }] }),
  capture('INVALID_ARGUMENT', 'the nanoseconds are none', /inference_timestamp is 1 s and 1000000000 ns; expected/, { inferenceTimestamp: { seconds: 1, nanos: 1e9 } }),
  capture('INVALID_ARGUMENT', 'the timestamp is before 1970', /inference_timestamp is before 1970/, { inferenceTimestamp: { seconds: -1, nanos: 0 } }),
  capture('INVALID_ARGUMENT', 'a shared memory segment is not there', /^CaptureData: input tensor 0 \("x"\): Shared memory segment 2000000000 cannot be used: there is no such segment/, { inputTensors: [{ tensorMetadata: captured('x', [2]).tensorMetadata, sharedMemoryHandle: { segmentId: 2e9 } }] }),
  capture('OUT_OF_RANGE', 'the timestamp is in the future', /inference_timestamp is 3\d{3}\.?\d* s in the future\. Check the clock/, { inferenceTimestamp: { seconds: Math.floor(Date.now() / 1000) + 3_700, nanos: 0 } }),
  capture('RESOURCE_EXHAUSTED', 'the spool is full', /^The capture takes 1\d{6} bytes, and \d+ of 1048576 are left for captures that wait\./, { inputTensors: [captured('x', [300_000])] }, ['--capture-data-destination', 'Disk', '--capture-spool-max-megabytes', '1']),
  {
    call: 'CaptureData', code: 'ALREADY_EXISTS', when: 'the id was seen', words: /^Capture "a" was accepted before\. Give each capture an id of its own\.$/, args: toDisk,
    async request({ load, send }) {
      await load(pair);
      await send('CaptureData', { modelName: 'm', captureId: 'a' });
      return send('CaptureData', { modelName: 'm', captureId: 'a' });
    },
  },
  ...(Object.keys(service) as AgentMethod[]).map((call): Row => ({ call, code: 'INVALID_ARGUMENT', when: 'the request cannot be decoded', words: new RegExp(`^${call}: the request is no ${call}Request message \\(.+\\)\\.$`), request: ({ send }) => send(call, Buffer.from([0x0f])) })),
];

async function useScene(metricsPath: string, folder: string, args: string[] = []): Promise<Scene> {
  const agent = await useAgent({ folder, args: ['--metrics-address', metricsPath, ...args] });
  const write: Scene['write'] = (name, content) => writeFile(join(folder, name), content);
  return {
    agent,
    write,
    send: (method, message, headers) => http2Call(agent.socketPath, service[method].path, Buffer.isBuffer(message) ? message : service[method].requestSerialize(message), headers),
    async load(content) {
      await write('m.onnx', content);
      await agent.client.loadModel('m.onnx', 'm');
    },
  };
}

test.each(rows)('$call answers $code when $when, and counts it', async ({ call, code, words, args, request }) => {
  const folder = await temporaryFolder();
  const metricsPath = join(folder, 'metrics.sock');
  const scene = await useScene(metricsPath, folder, args);
  const outcome = await request(scene);
  expect({ ...outcome, code: status[outcome.code] }).toEqual({ code, details: expect.stringMatching(words) as string });

  const counted = async (): Promise<boolean> => (await httpRequest({ socketPath: metricsPath, path: '/metrics' })).text.includes(`fescue_agent_requests_total{method="${call}",code="${code}"} 1\n`);
  await eventually(counted, 'the call to be counted');
  // Whatever was refused left what was loaded as it was, and nothing else behind.
  const captureProcesses = scene.agent.output().match(/"msg":"capture process started"/g)?.length ?? 0;
  expect(scene.agent.workers()).toHaveLength((await scene.agent.client.listModels()).length + captureProcesses);
});
