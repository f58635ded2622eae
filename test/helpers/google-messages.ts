import protobuf from 'google-protobuf';
import type { BinaryReader, BinaryWriter } from 'google-protobuf';
import type { AgentMethod } from '../../components/common/wire.ts';
import type { ForeignMessages, Handle, Metadata, Model, Requests, Responses, Tensor } from './foreign-messages.ts';

/** Google's own protobuf for JavaScript, with by hand what its compiler would generate. */
export const googleMessages: ForeignMessages = {
  request(method, message) {
    const writer = new protobuf.BinaryWriter();
    requestWriters[method](message, writer);
    return writer.getResultBuffer();
  },
  response: (method, bytes) => responseReaders[method](new protobuf.BinaryReader(bytes)),
};

export function writeTensor(tensor: Tensor, writer: BinaryWriter): void {
  if (tensor.tensorMetadata !== undefined) writer.writeMessage(1, tensor.tensorMetadata, writeMetadata);
  if (tensor.byteData !== undefined) writer.writeBytes(4, tensor.byteData);
  if (tensor.sharedMemoryHandle !== undefined) writer.writeMessage(5, tensor.sharedMemoryHandle, writeHandle);
}

function writeMetadata({ name, dataType, shape }: Metadata, writer: BinaryWriter): void {
  if (name !== undefined) writer.writeBytes(1, name);
  if (dataType !== 0) writer.writeEnum(2, dataType);
  writer.writePackedInt32(3, shape);
}

function writeHandle({ size, offset, segmentId }: Handle, writer: BinaryWriter): void {
  for (const [field, value] of [size, offset, segmentId].entries()) if (value !== undefined && value !== 0) writer.writeUint64(field + 1, value);
}

const writeName = ({ name }: { name: string }, writer: BinaryWriter): void => writer.writeString(1, name);

const requestWriters: { [Method in AgentMethod]: (message: Requests[Method], writer: BinaryWriter) => void } = {
  LoadModel({ url, name }, writer) {
    writer.writeString(1, url);
    writer.writeString(2, name);
  },
  UnLoadModel: writeName,
  DescribeModel: writeName,
  ListModels: () => undefined,
  Predict({ name, tensors }, writer) {
    writer.writeString(1, name);
    for (const tensor of tensors) writer.writeMessage(2, tensor, writeTensor);
  },
  CaptureData({ modelName, captureId, inputTensors }, writer) {
    writer.writeString(1, modelName);
    writer.writeString(2, captureId);
    for (const tensor of inputTensors) writer.writeMessage(4, tensor, writeTensor);
  },
  GetCaptureDataStatus: ({ captureId }, writer) => writer.writeString(1, captureId),
};

/** Calls the reader of each field that comes; other fields are a fault of the agent. */
function eachField(reader: BinaryReader, readers: Record<number, () => void>): void {
  while (reader.nextField() && !reader.isEndGroup()) {
    const read = readers[reader.getFieldNumber()];
    if (read === undefined) throw new Error(`field ${reader.getFieldNumber()} is not in the contract`);
    read();
  }
}

function readMetadata(reader: BinaryReader): Metadata {
  const metadata: Required<Metadata> = { name: Buffer.alloc(0), dataType: 0, shape: [] };
  eachField(reader, {
    1: () => (metadata.name = Buffer.from(reader.readBytes())),
    2: () => (metadata.dataType = reader.readEnum()),
    3: () => (metadata.shape = reader.readPackedInt32()),
  });
  return metadata;
}

function readModel(reader: BinaryReader): Model {
  const model: Model = { url: '', name: '', inputTensorMetadatas: [], outputTensorMetadatas: [] };
  eachField(reader, {
    1: () => (model.url = reader.readString()),
    2: () => (model.name = reader.readString()),
    3: () => model.inputTensorMetadatas.push(readNested(reader, readMetadata)),
    4: () => model.outputTensorMetadatas.push(readNested(reader, readMetadata)),
  });
  return model;
}

function readTensor(reader: BinaryReader): Tensor {
  const tensor: Tensor = {};
  eachField(reader, {
    1: () => (tensor.tensorMetadata = readNested(reader, readMetadata)),
    4: () => (tensor.byteData = Buffer.from(reader.readBytes())),
  });
  return tensor;
}

function readNested<Message>(reader: BinaryReader, read: (reader: BinaryReader) => Message): Message {
  const messages: Message[] = [];
  reader.readMessage(messages, (into: Message[], nested: BinaryReader) => into.push(read(nested)));
  const [message] = messages;
  if (message === undefined) throw new Error('no message was read');
  return message;
}

function readList<Message>(reader: BinaryReader, read: (reader: BinaryReader) => Message): Message[] {
  const messages: Message[] = [];
  eachField(reader, { 1: () => messages.push(readNested(reader, read)) });
  return messages;
}

function readDescribed(reader: BinaryReader): { model: Model } {
  const [model] = readList(reader, readModel);
  if (model === undefined) throw new Error('the answer has no model');
  return { model };
}

const responseReaders: { [Method in AgentMethod]: (reader: BinaryReader) => Responses[Method] } = {
  LoadModel: readDescribed,
  UnLoadModel: () => ({}),
  DescribeModel: readDescribed,
  ListModels: (reader) => ({ models: readList(reader, readModel) }),
  Predict: (reader) => ({ tensors: readList(reader, readTensor) }),
  CaptureData: () => ({}),
  GetCaptureDataStatus(reader) {
    let status = 0;
    eachField(reader, { 1: () => (status = reader.readEnum()) });
    return { status };
  },
};
