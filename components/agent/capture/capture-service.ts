import { existsSync } from 'node:fs';
import { FescueError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { captureStatuses } from '../../common/wire.ts';
import { AttachedSegments } from '../attached-segments.ts';
import { ClientSegments } from '../client-segments.ts';
import { frameKinds, type Frame, type OutgoingFrame } from '../frame.ts';
import { decodeCount, decodeJson, decodeNote, encodeJson, failureOf } from '../worker-messages.ts';
import type { CaptureConfig, CaptureTuning } from './capture-config.ts';
import { decodeInfo, type CaptureFigures } from './capture-messages.ts';
import type { NewCapture } from './capture-record.ts';
import { captureOf, type CapturedModel } from './capture-request.ts';
import { openDelivery, type Delivery } from './open-delivery.ts';
import { openSpool, type OpenedSpool } from './open-spool.ts';
import { Scratch } from './scratch.ts';

/** `onLost` is called when somebody has removed the spool's folder. */
export type ServiceOptions = { readonly config: CaptureConfig; readonly environment: NodeJS.ProcessEnv; readonly log: Logger; readonly send: (frame: OutgoingFrame) => void; readonly onLost: () => void };

type Opened = OpenedSpool & { readonly delivery: Delivery };

const figuresEveryMs = 1_000;

/** What the capture process does with the frames of the agent, once it is told its configuration. */
export class CaptureService {
  readonly #options: ServiceOptions;
  /** The agent's memory, for large requests. */
  readonly #arena = new AttachedSegments();
  /** The clients' memory, for tensors that are not in the request. */
  readonly #shared: ClientSegments;
  readonly #scratch = new Scratch();
  readonly #dropped = { overflow: 0, damaged: 0, rejected: 0 };
  #opened: Opened | undefined;
  #accepted = 0;
  #told = '';
  #timer: NodeJS.Timeout | undefined;
  /** Captures that are stored together: those that came so far, of as many as were announced. */
  #group: { frames: Frame[]; size: number } = { frames: [], size: 1 };

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#shared = new ClientSegments({ allowWritable: options.config.allowWritableSharedMemory });
  }

  /** Opens the spool and begins to deliver what is in it. @throws FescueError when it cannot be used */
  async start(): Promise<void> {
    const { config, environment, log } = this.#options;
    const spool = openSpool({ config, log, onDropped: (count, reason) => this.#onDropped(count, reason) });
    this.#opened = { ...spool, delivery: await openDelivery({ config, spool: spool.spool, environment, log }) };
    this.#timer = setInterval(() => this.#tell(), figuresEveryMs);
    this.#tell();
  }

  /** What waits in memory is delivered, if that is possible in time; what is on the disk stays there. */
  async stop(flushMs: number): Promise<void> {
    clearInterval(this.#timer);
    const { config } = this.#options;
    if (config.spoolFolder === undefined) await this.#opened?.delivery.flush(flushMs);
    await this.#opened?.delivery.stop();
    this.#opened?.spool.close();
  }

  receive(frame: Frame): void {
    if (frame.kind === frameKinds.captureStatus) return this.#answerStatus(frame);
    if (frame.kind === frameKinds.tuneCaptures) return this.#tune(decodeJson<CaptureTuning>(frame.payload));
    if (frame.kind === frameKinds.batch) {
      this.#group = { frames: [], size: decodeCount(frame.payload) };
      return;
    }
    this.#group.frames.push(frame);
    if (this.#group.frames.length < this.#group.size) return;
    const { frames } = this.#group;
    this.#group = { frames: [], size: 1 };
    this.#store(frames);
  }

  #tune(tuning: CaptureTuning): void {
    this.#options.log.level = tuning.logLevel;
    this.#opened?.spool.tune(tuning);
    this.#opened?.delivery.tune(tuning);
  }

  #answerStatus({ callId, payload }: Frame): void {
    const status = this.#opened?.spool.status(payload.toString('utf8')) ?? 'NOT_FOUND';
    this.#options.send({ kind: frameKinds.done, callId, payload: [Buffer.of(captureStatuses.indexOf(status))] });
  }

  /** All that can be stored of a group is stored with one wait for the disk. */
  #store(frames: readonly Frame[]): void {
    const good: { callId: number; capture: NewCapture }[] = [];
    for (const frame of frames) {
      try {
        good.push({ callId: frame.callId, capture: this.#captureOf(frame) });
      } catch (error) {
        this.#answer(frame.callId, error);
      }
    }
    try {
      const refusals = this.#opened?.spool.accept(good.map(({ capture }) => capture)) ?? [];
      for (const [index, { callId }] of good.entries()) this.#answer(callId, refusals[index]);
      this.#accepted += refusals.filter((refusal) => refusal === undefined).length;
    } catch (error) {
      for (const { callId } of good) this.#answer(callId, error);
      const { spoolFolder } = this.#options.config;
      if (spoolFolder !== undefined && !existsSync(spoolFolder)) return this.#options.onLost();
    }
    this.#scratch.clear();
    this.#shared.sweep();
    this.#arena.trim();
    this.#opened?.delivery.captureAdded();
  }

  #captureOf({ kind, payload }: Frame): NewCapture {
    const { config } = this.#options;
    const { info, rest } = decodeInfo<CapturedModel>(payload);
    if (config.spoolFolder === undefined && config.destination === 'Cloud' && this.#isWaitingInVain()) {
      throw new FescueError('failed-precondition', 'CaptureData: the cloud cannot be reached now, and captures are kept in memory only. Keep them on the disk (DbEnable), or send the capture again later.');
    }
    const message = kind === frameKinds.captureShared ? this.#arena.view(decodeNote(rest)) : rest;
    return captureOf(message, { model: info, nowMs: Date.now(), mostBytes: config.mostBytes, readShared: (wanted) => this.#shared.read(wanted), copyOf: (bytes) => this.#scratch.copyOf(bytes) });
  }

  /** What was refused for good leaves nothing to try again with, and so nothing to wait for. */
  #isWaitingInVain(): boolean {
    return this.#opened?.delivery.isFailing() === true && this.#opened.spool.usage().captures > 0;
  }

  #answer(callId: number, failure: unknown): void {
    this.#options.send(failure === undefined ? { kind: frameKinds.done, callId, payload: [] } : { kind: frameKinds.failure, callId, payload: [encodeJson(failureOf(failure))] });
  }

  #onDropped(count: number, reason: keyof CaptureFigures['dropped']): void {
    this.#dropped[reason] += count;
    if (reason === 'overflow') this.#options.log.warn({ count, total: this.#dropped.overflow }, 'captures given up to make room for newer ones (CaptureOverflow)');
  }

  #tell(): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    const { captures, bytes, oldestMs = null } = opened.spool.usage();
    const figures: CaptureFigures = {
      waiting: captures,
      bytes,
      oldestMs,
      accepted: this.#accepted,
      ...opened.delivery.captures(),
      dropped: this.#dropped,
      quarantined: opened.quarantined(),
      sent: opened.delivery.figures(),
      failing: opened.delivery.isFailing(),
    };
    const text = JSON.stringify(figures);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.send({ kind: frameKinds.captureFigures, callId: 0, payload: [Buffer.from(text)] });
  }
}
