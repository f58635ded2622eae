/**
 * The capture process: it keeps captures until they are delivered, so that neither a slow disk nor a slow network is
 * felt by predictions. It lives as long as its end of the socket pair on descriptor 3.
 */
import { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { hasCode } from '../../common/errors.ts';
import { createLogger, type Logger } from '../../common/log.ts';
import { FrameReader, frameKinds, writeFrame, type Frame } from '../frame.ts';
import { decodeJson, encodeJson, failureOf } from '../worker-messages.ts';
import type { OpenOrder } from './capture-messages.ts';
import { CaptureService } from './capture-service.ts';
import { lockSpool } from './spool-lock.ts';

// The agent decides when this process ends; a Ctrl-C or a supervisor's SIGTERM reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

const flushMs = 5_000;
/** Whoever waits for a prediction goes before whoever brings captures away. */
const niceness = 10;

const agent = new Socket({ fd: 3 });
let service: CaptureService | undefined;

const reader = new FrameReader((frame) => (frame.kind === frameKinds.openCaptures ? void open(frame) : service?.receive(frame)));
agent.on('data', (chunk) => reader.push(chunk));
agent.on('end', () => void end());
agent.on('error', (error) => {
  if (!hasCode(error, 'EPIPE', 'ECONNRESET')) throw error;
  process.exit(0);
});
setPriority(niceness);

async function open({ callId, payload }: Frame): Promise<void> {
  const { config, lockPatienceMs } = decodeJson<OpenOrder>(payload);
  const log = createLogger({ component: 'capture', level: config.logLevel });
  try {
    if (config.spoolFolder !== undefined) await lockSpool(config.spoolFolder, lockPatienceMs);
    const opened = new CaptureService({ config, environment: process.env, log, send: (frame) => writeFrame(agent, frame), onLost: () => startOver(log) });
    await opened.start();
    service = opened;
    writeFrame(agent, { kind: frameKinds.done, callId, payload: [] });
  } catch (error) {
    refuse(callId, error, log);
  }
}

/** Without a folder there is nothing to go on with; the next process makes one. */
function startOver(log: Logger): void {
  log.error('the folder of the spool is gone, and with it the captures that waited there; making it again');
  agent.end(() => process.exit(1));
}

function refuse(callId: number, error: unknown, log: Logger): void {
  const { kind, message } = failureOf(error);
  const told = kind === 'internal' ? { kind: 'failed-precondition' as const, message: `The spool of captures cannot be opened: ${message}. Correct its folder (LocalDataRootPath), its rights or its disk.` } : { kind, message };
  log.error({ reason: told.message }, 'captures cannot be taken');
  writeFrame(agent, { kind: frameKinds.failure, callId, payload: [encodeJson(told)] });
}

async function end(): Promise<void> {
  await service?.stop(flushMs);
  process.exit(0);
}
