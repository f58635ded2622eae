export type Http2Frame = { type: number; flags: number; stream: number; payload: Buffer };

/** The complete frames of an HTTP/2 stream of bytes (RFC 9113, 4.1). */
export function framesOf(bytes: Buffer): Http2Frame[] {
  const frames = [];
  for (let position = 0; position + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(position, 3);
    const end = position + 9 + length;
    if (end > bytes.length) break;
    frames.push({ type: bytes[position + 3] ?? 0, flags: bytes[position + 4] ?? 0, stream: bytes.readUInt32BE(position + 5), payload: bytes.subarray(position + 9, end) });
    position = end;
  }
  return frames;
}
