import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { captureDataRequestPieces } from '../../components/common/capture-codec.ts';
import { loadAgentService } from '../../components/common/wire.ts';
import { http2Call } from '../helpers/http2-call.ts';
import { hasStatus, useSpoolingAgent, waiting } from '../helpers/use-spooling-agent.ts';

const ids = [
  '../../../../etc/passwd', '/etc/passwd', '..', '.', 'a/b/../c', 'a\\b', 'C:\\x', '~', '-rf', '$(id)', '%2e%2e%2f', 'a b', ' a', 'a ', 'a\nb', 'a\r\n{"eventMetadata":{}}', '\0', 'a\0b', '\u001b[2J', '"', '\'', '`', '\u2028', '\uFEFF', '\uFFFD',
  '🙈', '\u00C5', 'A\u030A', '٣', 'x'.repeat(1_024), '🙈'.repeat(256), '__proto__', 'constructor', 'toString', '0', 'null', 'captureshm1637000000',
];

/** A request with the id in these bytes. */
function requestOf(id: Buffer): Buffer {
  return Buffer.concat([...captureDataRequestPieces({ modelName: 'm', captureId: '', inputTensors: [], outputTensors: [], inputs: [], outputs: [] }), Buffer.of(0x12, id.length), id]);
}

test('any text is an id: of its own, asked for by itself, kept over a restart, and never a path', async () => {
  const agent = await useSpoolingAgent({ args: waiting });
  for (const id of ids) await agent.capture(id);
  for (const id of ids) expect(await agent.client.captureStatus(id), JSON.stringify(id)).toBe('IN_PROGRESS');
  for (const id of ids) await expect(agent.capture(id), JSON.stringify(id)).rejects.toMatchObject({ kind: 'already-exists' });
  await agent.stop('SIGKILL');

  const next = await useSpoolingAgent({ root: agent.root });
  for (const id of ids) await hasStatus(next, id, 'SUCCESS');
  expect(await next.ids()).toEqual(ids.toSorted());
  const names = readdirSync(next.folder, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => !/^(?:m\.onnx|capture-spool(?:\/(?:lock|outcomes\.log|reserve|\d+-p\d\.log))?|capture(?:\/\.partial~?)?|capture\/sme-capture(?:\/[\w-]+)*(?:\/[0-9a-f]{32}\.jsonl)?)$/.test(name))).toEqual([]);
  expect(existsSync(join(dirname(agent.root), 'passwd'))).toBe(false);
});

test('ids that are no UTF-8 are refused, and are no other id', async () => {
  const agent = await useSpoolingAgent({ args: waiting });
  const { CaptureData: capture, GetCaptureDataStatus: ask } = loadAgentService();
  await agent.capture('a\uFFFD');
  for (const bytes of [Buffer.from('a\xff', 'latin1'), Buffer.from('a\xc3', 'latin1'), Buffer.from([0xed, 0xa0, 0x80])]) {
    expect(await http2Call(agent.socketPath, capture.path, requestOf(bytes))).toEqual({ code: status.INVALID_ARGUMENT, details: 'CaptureData: the request is no CaptureDataRequest message (capture_id is no UTF-8; expected a text).' });
    expect(await http2Call(agent.socketPath, ask.path, Buffer.concat([Buffer.of(0x0a, bytes.length), bytes]))).toEqual({ code: status.INVALID_ARGUMENT, details: 'GetCaptureDataStatus: the request is no GetCaptureDataStatusRequest message (capture_id is no UTF-8; expected a text).' });
  }
  const { code } = await http2Call(agent.socketPath, capture.path, requestOf(Buffer.from('a\uFFFD')));
  expect(code).toBe(status.ALREADY_EXISTS);
});

test.each(['', 'ä'.repeat(513)])('the status of an id that no capture can have (%#) is NOT_FOUND', async (id) => {
  const agent = await useSpoolingAgent();
  await agent.capture('a');
  expect(await agent.client.captureStatus(id)).toBe('NOT_FOUND');
});
