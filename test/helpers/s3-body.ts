import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';

/** The content of a request, out of the chunks it may be framed in. With `cutAfterBytes` the connection is cut so far into it. */
export async function bodyOf(message: IncomingMessage, cutAfterBytes: number | undefined): Promise<Buffer> {
  if (cutAfterBytes !== undefined) return cutOff(message, cutAfterBytes);
  const body = await buffer(message);
  return String(message.headers['content-encoding'] ?? '').includes('aws-chunked') ? unchunk(body) : body;
}

async function cutOff(message: IncomingMessage, bytes: number): Promise<never> {
  let read = 0;
  if (bytes > 0) {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read >= bytes) break;
    }
  }
  message.socket.destroy();
  throw new Error('cut off');
}

/** S3's error code for content that is not what its headers say; undefined when it is. */
export function checkBody(headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  const digest = String(headers['x-amz-content-sha256']);
  if (/^[0-9a-f]{64}$/.test(digest) && digest !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch';
  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== body.length) return 'IncompleteBody';
  const checksum = headers['x-amz-checksum-crc32'];
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(body));
  return checksum === undefined || checksum === actual.toString('base64') ? undefined : 'BadDigest';
}

/** The content of chunks: `<length in hex>[;extension]\r\n<bytes>\r\n`, the last one empty and followed by trailers. */
function unchunk(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    if (lineEnd === -1) throw new Error('a chunk without a length');
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) return Buffer.concat(chunks);
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}
