import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { framesOf } from '../helpers/http2-frames.ts';
import { useAgent } from '../helpers/use-agent.ts';

const frameTypes = { settings: 4, windowUpdate: 8 } as const;
const initialWindowSize = 4;
const eightMebibytes = 8 * 1024 * 1024;

test('a client may send 8 MiB before it has to wait, on a stream and on the connection', async () => {
  const { socketPath } = await useAgent();
  const socket = connect(socketPath);
  await once(socket, 'connect');
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, frameTypes.settings, 0, 0, 0, 0, 0])]));
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (framesOf(received).some(({ type }) => type === frameTypes.windowUpdate)) break;
  }
  const frames = framesOf(received);
  const settings = frames.find(({ type }) => type === frameTypes.settings)?.payload ?? Buffer.alloc(0);
  const entries = Array.from({ length: settings.length / 6 }, (_, index) => [settings.readUInt16BE(index * 6), settings.readUInt32BE(index * 6 + 2)]);
  expect(Object.fromEntries(entries)).toMatchObject({ [initialWindowSize]: eightMebibytes });
  const update = frames.find(({ type, stream }) => type === frameTypes.windowUpdate && stream === 0);
  // The connection's window begins at 65535 whatever the settings.
  expect((update?.payload.readUInt32BE(0) ?? 0) + 65_535).toBe(eightMebibytes);
});
