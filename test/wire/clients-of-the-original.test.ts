import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { foreignClient, type ForeignClient } from '../helpers/foreign-client.ts';
import { protobufjsMessages } from '../helpers/foreign-messages.ts';
import { googleMessages } from '../helpers/google-messages.ts';
import { alias, darknet, modelUrl, twoNumbers, useOriginalDevice } from '../helpers/original-device.ts';
import { useSegment } from '../helpers/segments.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';

const libraries = [
  { library: 'protobufjs', messages: protobufjsMessages() },
  { library: 'google-protobuf', messages: googleMessages },
];
const result = { tensors: [{ tensorMetadata: darknet.outputTensorMetadatas[0], byteData: twoNumbers }] };

describe.each(libraries)('a client with $library', ({ messages }) => {
  async function useLoadedDevice(): Promise<ForeignClient> {
    const { socketPath } = await useOriginalDevice();
    const client = foreignClient(`unix://${socketPath}`, messages);
    await client.call('LoadModel', { url: modelUrl, name: alias });
    return client;
  }

  /** A model that gives two lists of numbers back, `a` of four and `b` of any length. */
  async function useTwoInputs(): Promise<ForeignClient> {
    const { folder, socketPath } = await useAgent();
    await writeFile(join(folder, 'two.onnx'), identityModel([{ name: 'a', type: 'FLOAT32', shape: [4] }, { name: 'b', type: 'FLOAT32', shape: ['n'] }]));
    const client = foreignClient(`unix://${socketPath}`, messages);
    await client.call('LoadModel', { url: 'two.onnx', name: 'two' });
    return client;
  }

  test.each([
    ['unix:///<absolute> to the Greengrass component\'s socket', 'aws.greengrass.SageMakerEdgeManager.sock', (path: string) => `unix://${path}`],
    ['unix:///<absolute> to the example\'s socket', 'sagemaker_edge_agent_example.sock', (path: string) => `unix://${path}`],
    ['unix:<relative>', 'sagemaker_edge_agent_example.sock', (path: string) => `unix:${relative(process.cwd(), path)}`],
    ['unix:<absolute>', 'aws.greengrass.SageMakerEdgeManager.sock', (path: string) => `unix:${path}`],
  ])('reaches the agent through %s', async (_, socketName, targetOf) => {
    const { socketPath } = await useOriginalDevice(socketName);
    expect(await foreignClient(targetOf(socketPath), messages).call('ListModels', {})).toEqual({ models: [] });
  });

  test.each(['ListModels', 'DescribeModel'] as const)('unloads, ignores the error, loads, and copies what %s tells of the input into Predict', async (source) => {
    const { socketPath } = await useOriginalDevice();
    const client = foreignClient(`unix://${socketPath}`, messages);
    await expect(client.call('UnLoadModel', { name: alias })).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(await client.call('LoadModel', { url: modelUrl, name: alias })).toEqual({ model: darknet });
    const model = source === 'ListModels' ? (await client.call('ListModels', {})).models[0] : (await client.call('DescribeModel', { name: alias })).model;
    expect(model).toEqual(darknet);
    const [tensorMetadata] = model?.inputTensorMetadatas ?? [];
    expect(await client.call('Predict', { name: alias, tensors: [{ ...(tensorMetadata ? { tensorMetadata } : {}), byteData: twoNumbers }] })).toEqual(result);
    expect(await client.call('UnLoadModel', { name: alias })).toEqual({});
  });

  test('takes ALREADY_EXISTS (6) on LoadModel as fine and goes on', async () => {
    const client = await useLoadedDevice();
    await expect(client.call('LoadModel', { url: modelUrl, name: alias })).rejects.toMatchObject({ code: 6, details: expect.stringContaining(alias) });
    expect(await client.call('Predict', { name: alias, tensors: [{ byteData: twoNumbers }] })).toEqual(result);
  });

  test.each([
    ['metadata without a name', { tensorMetadata: { dataType: 5, shape: [1, 2] } }],
    ['metadata with an empty name', { tensorMetadata: { name: Buffer.alloc(0), dataType: 5, shape: [1, 2] } }],
    ['no metadata', {}],
  ])('sends a tensor with %s', async (_, metadata) => {
    const client = await useLoadedDevice();
    expect(await client.call('Predict', { name: alias, tensors: [{ ...metadata, byteData: twoNumbers }] })).toEqual(result);
  });

  test('names a tensor in bytes that are no UTF-8, and is told the model has none of that name', async () => {
    const client = await useLoadedDevice();
    const named = (name: Buffer): ReturnType<typeof client.call> => client.call('Predict', { name: alias, tensors: [{ tensorMetadata: { name, dataType: 5, shape: [1, 2] }, byteData: twoNumbers }] });
    await expect(named(Buffer.from([0xff, 0xfe, 0x78]))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining('the model has no input') });
    expect(await named(Buffer.from('x'))).toEqual(result);
  });

  test('names tensors in UTF-8 beyond ASCII', async () => {
    const { folder, socketPath } = await useAgent();
    await writeFile(join(folder, 'm.onnx'), identityModel([{ name: 'größe/画像:0', type: 'UINT8', shape: ['n'] }]));
    const client = foreignClient(`unix://${socketPath}`, messages);
    const { model } = await client.call('LoadModel', { url: 'm.onnx', name: 'm' });
    const [tensorMetadata] = model.inputTensorMetadatas;
    expect(tensorMetadata).toEqual({ name: Buffer.from('größe/画像:0'), dataType: 0, shape: [-1] });
    const { tensors } = await client.call('Predict', { name: 'm', tensors: [{ tensorMetadata: { ...tensorMetadata, dataType: 0, shape: [2] }, byteData: Buffer.from([1, 2]) }] });
    expect(tensors).toEqual([{ tensorMetadata: { name: Buffer.from('größe/画像:0_out'), dataType: 0, shape: [2] }, byteData: Buffer.from([1, 2]) }]);
  });

  test('copies the name of an input that is no UTF-8 in the model', async () => {
    const { folder, socketPath } = await useAgent();
    const model = identityModel([{ name: '<>', type: 'UINT8', shape: [1] }]);
    await writeFile(join(folder, 'm.onnx'), Buffer.from(model.toString('latin1').replaceAll('<>', '\u00ff\u00fe'), 'latin1'));
    const client = foreignClient(`unix://${socketPath}`, messages);
    const [tensorMetadata] = (await client.call('LoadModel', { url: 'm.onnx', name: 'm' })).model.inputTensorMetadatas;
    expect(tensorMetadata?.name?.length).toBeGreaterThan(0);
    const { tensors } = await client.call('Predict', { name: 'm', tensors: [{ tensorMetadata: { dataType: 0, shape: [1], ...tensorMetadata }, byteData: Buffer.from([7]) }] });
    expect(tensors[0]?.byteData).toEqual(Buffer.from([7]));
  });

  test.each([
    ['its size', { size: 16 }],
    ['no size', {}],
  ])('mixes shared memory, with %s, and bytes in one call', async (_, size) => {
    const client = await useTwoInputs();
    const [four, one] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5)].map((numbers) => Buffer.from(numbers.buffer));
    const segmentId = useSegment(Buffer.concat([Buffer.alloc(8), four ?? Buffer.alloc(0)]));
    const { tensors } = await client.call('Predict', {
      name: 'two',
      tensors: [
        { tensorMetadata: { name: Buffer.from('b'), dataType: 5, shape: [1] }, byteData: one ?? Buffer.alloc(0) },
        { tensorMetadata: { name: Buffer.from('a'), dataType: 5, shape: [4] }, sharedMemoryHandle: { segmentId, offset: 8, ...size } },
      ],
    });
    expect(tensors.map(({ byteData }) => byteData)).toEqual([four, one]);
  });

  test('leaves segment id 0 off the wire, and the agent looks for segment 0', async () => {
    const client = await useTwoInputs();
    // More than any segment of this machine has, should there be one with the id 0.
    const tensorMetadata = { name: Buffer.from('b'), dataType: 5, shape: [2 ** 29] };
    const tensors = [{ byteData: Buffer.alloc(16) }, { tensorMetadata, sharedMemoryHandle: { segmentId: 0 } }];
    await expect(client.call('Predict', { name: 'two', tensors })).rejects.toMatchObject({ details: expect.stringMatching(/^Input "b": .*segment 0\b/) as string });
  });

  test('sends tensors of no elements, and of no bytes where some are due', async () => {
    const client = await useTwoInputs();
    const a = { byteData: Buffer.alloc(16) };
    const empty = { tensorMetadata: { name: Buffer.from('b'), dataType: 5, shape: [0] }, byteData: Buffer.alloc(0) };
    expect((await client.call('Predict', { name: 'two', tensors: [a, empty] })).tensors[1]).toMatchObject({ tensorMetadata: { shape: [0] }, byteData: Buffer.alloc(0) });
    const due = client.call('Predict', { name: 'two', tensors: [a, { ...empty, tensorMetadata: { ...empty.tensorMetadata, shape: [3] } }] });
    await expect(due).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining('takes 12 bytes, got 0') });
  });

  test('captures with an id that is no UUID and without a timestamp, and asks until it is delivered', async () => {
    const client = await useLoadedDevice();
    const captureId = 'captureshm1637000000';
    const tensor = { tensorMetadata: { name: Buffer.from('x'), dataType: 5, shape: [1, 2] }, byteData: twoNumbers };
    const [notFound, inProgress, success] = [3, 2, 1];
    expect(await client.call('GetCaptureDataStatus', { captureId })).toEqual({ status: notFound });
    await client.call('CaptureData', { modelName: alias, captureId, inputTensors: [tensor] });
    const seen = new Set<number>();
    await eventually(async () => seen.add((await client.call('GetCaptureDataStatus', { captureId })).status).has(success), 'the delivery');
    expect([...seen].filter((status) => status !== inProgress)).toEqual([success]);
    const again = client.call('CaptureData', { modelName: alias, captureId, inputTensors: [tensor] });
    await expect(again).rejects.toMatchObject({ code: status.ALREADY_EXISTS, details: expect.stringContaining(captureId) });
  });
});
