import protobuf from 'google-protobuf';
import type { BinaryWriter } from 'google-protobuf';
import { describe, expect, test } from 'vitest';
import { foreignClient } from '../helpers/foreign-client.ts';
import { googleMessages, writeTensor } from '../helpers/google-messages.ts';
import { alias, darknet, modelUrl, twoNumbers, useOriginalDevice } from '../helpers/original-device.ts';

const result = { tensors: [{ tensorMetadata: darknet.outputTensorMetadatas[0], byteData: twoNumbers }] };

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new protobuf.BinaryWriter();
  write(writer);
  return writer.getResultBuffer();
}

/** Fields of every wire type, with numbers no message of the contract has. */
function writeUnknown(writer: BinaryWriter): void {
  writer.writeUint64(100, 2 ** 40);
  writer.writeFixed64(101, 7);
  writer.writeString(102, 'from a later version');
  writer.writeFixed32(103, 7);
  writer.writeInt32(536_870_911, -1);
}

const name = Buffer.from('x');

/** A Predict request of one tensor, whose fields the given functions write. */
function predict(writeFields: (tensor: BinaryWriter) => void): Uint8Array {
  return message((writer) => {
    writer.writeString(1, alias);
    writer.writeMessage(2, {}, (_: object, tensor: BinaryWriter) => writeFields(tensor));
  });
}

const metadata = (tensor: BinaryWriter, write: (writer: BinaryWriter) => void): void => tensor.writeMessage(1, {}, (_: object, writer: BinaryWriter) => write(writer));

const encodings: [string, Uint8Array][] = [
  ['with a packed shape', predict((tensor) => writeTensor({ tensorMetadata: { name, dataType: 5, shape: [1, 2] }, byteData: twoNumbers }, tensor))],
  ['with a shape that is not packed', predict((tensor) => {
    metadata(tensor, (writer) => {
      writer.writeBytes(1, name);
      writer.writeEnum(2, 5);
      writer.writeRepeatedInt32(3, [1, 2]);
    });
    tensor.writeBytes(4, twoNumbers);
  })],
  ['with a shape partly packed', predict((tensor) => {
    metadata(tensor, (writer) => {
      writer.writeRepeatedInt32(3, [1]);
      writer.writePackedInt32(3, [2]);
      writer.writeEnum(2, 5);
    });
    tensor.writeBytes(4, twoNumbers);
  })],
  ['with fields in reverse order', message((writer) => {
    writer.writeMessage(2, {}, (_: object, tensor: BinaryWriter) => {
      tensor.writeBytes(4, twoNumbers);
      metadata(tensor, (inner) => {
        inner.writePackedInt32(3, [1, 2]);
        inner.writeEnum(2, 5);
        inner.writeBytes(1, name);
      });
    });
    writer.writeString(1, alias);
  })],
  ['with unknown fields at every level', message((writer) => {
    writeUnknown(writer);
    writer.writeMessage(2, {}, (_: object, tensor: BinaryWriter) => {
      writeUnknown(tensor);
      metadata(tensor, (inner) => {
        writeUnknown(inner);
        inner.writeBytes(1, name);
        inner.writeEnum(2, 5);
        inner.writePackedInt32(3, [1, 2]);
      });
      tensor.writeBytes(4, twoNumbers);
    });
    writer.writeString(1, alias);
    writeUnknown(writer);
  })],
  ['with metadata in two parts', predict((tensor) => {
    metadata(tensor, (writer) => {
      writer.writeEnum(2, 5);
      writer.writePackedInt32(3, [1, 2]);
    });
    metadata(tensor, (writer) => writer.writeBytes(1, name));
    tensor.writeBytes(4, twoNumbers);
  })],
  ['with a handle and then bytes, of which the last counts', predict((tensor) => {
    tensor.writeMessage(5, {}, (_: object, handle: BinaryWriter) => handle.writeUint64(3, 2 ** 31 - 1));
    tensor.writeBytes(4, twoNumbers);
  })],
  ['with two aliases, of which the last counts', Buffer.concat([message((writer) => writer.writeString(1, 'other')), predict((tensor) => tensor.writeBytes(4, twoNumbers))])],
];

describe('Predict takes a message', () => {
  test.each(encodings)('%s', async (_, bytes) => {
    const { socketPath } = await useOriginalDevice();
    const client = foreignClient(`unix://${socketPath}`, googleMessages);
    await client.call('LoadModel', { url: modelUrl, name: alias });
    expect(await client.send('Predict', bytes)).toEqual(result);
  });
});

test('control calls take messages with unknown fields and fields in any order', async () => {
  const { socketPath } = await useOriginalDevice();
  const client = foreignClient(`unix://${socketPath}`, googleMessages);
  const load = message((writer) => {
    writeUnknown(writer);
    writer.writeString(2, alias);
    writer.writeString(1, modelUrl);
  });
  const named = message((writer) => {
    writer.writeString(1, alias);
    writeUnknown(writer);
  });
  expect(await client.send('LoadModel', load)).toEqual({ model: darknet });
  expect(await client.send('DescribeModel', named)).toEqual({ model: darknet });
  expect(await client.send('ListModels', message(writeUnknown))).toEqual({ models: [darknet] });
  expect(await client.send('UnLoadModel', named)).toEqual({});
});

test('an empty message is one whose fields are all empty', async () => {
  const { socketPath } = await useOriginalDevice();
  const client = foreignClient(`unix://${socketPath}`, googleMessages);
  const nothing = new Uint8Array();
  expect(await client.send('ListModels', nothing)).toEqual({ models: [] });
  await expect(client.send('LoadModel', nothing)).rejects.toMatchObject({ code: 3, details: expect.stringContaining('alias ""') });
  for (const method of ['Predict', 'UnLoadModel', 'DescribeModel'] as const) await expect(client.send(method, nothing)).rejects.toMatchObject({ code: 5, details: expect.stringContaining('Model "" is not loaded') });
});
