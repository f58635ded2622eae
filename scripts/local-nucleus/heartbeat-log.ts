import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from '../../components/common/errors.ts';
import type { TopicMessage } from './topics.ts';

const heartbeat = /^fescue\/fleet\/[^/]+\/[^/]+\/heartbeat$/;
const mostFileBytes = 4 * 1024 ** 2;
/** Longer messages are no heartbeats. */
const mostMessageBytes = 16 * 1024;

/** The heartbeats of all devices, a line of JSON each: topic, time of arrival and message. At 4 MB the file becomes `<path>.1`. */
export class HeartbeatLog {
  readonly #path: string;
  #bytes: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Keeps the message if it is a heartbeat. */
  keep({ topic, payload }: TopicMessage): void {
    if (!heartbeat.test(topic) || payload.byteLength > mostMessageBytes) return;
    const line = `${JSON.stringify({ topic, receivedAt: Math.floor(Date.now() / 1000), payload: jsonOf(payload) })}\n`;
    this.#bytes ??= this.#sizeOnDisk();
    if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(line) > mostFileBytes) {
      // Somebody may have taken it away.
      if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.1`);
      this.#bytes = 0;
    }
    appendFileSync(this.#path, line, { mode: 0o600 });
    this.#bytes += Buffer.byteLength(line);
  }

  #sizeOnDisk(): number {
    mkdirSync(dirname(this.#path), { recursive: true });
    try {
      return statSync(this.#path).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return 0;
      throw error;
    }
  }
}

/** What is no JSON is kept as text. */
function jsonOf(payload: Uint8Array): unknown {
  const text = Buffer.from(payload).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
