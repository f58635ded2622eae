import { CredentialKeeper } from '../../common/credentials.ts';
import type { Logger } from '../../common/log.ts';
import type { BucketConfig, CaptureConfig, CaptureTuning } from './capture-config.ts';
import { systemClock } from './clock.ts';
import { openDiskDestination } from './disk-destination.ts';
import { ObjectSender, type SenderFigures } from './object-sender.ts';
import { PeriodicUpload } from './periodic-upload.ts';
import { openS3Destination, type S3Destination } from './s3-destination.ts';
import type { Spool } from './spool.ts';
import { Uploader } from './uploader.ts';

export type DeliveryOptions = { readonly config: CaptureConfig; readonly spool: Spool; readonly environment: NodeJS.ProcessEnv; readonly log: Logger };

/** What brings captures out of the spool, and further. */
export type Delivery = {
  captureAdded(): void;
  /** Delivered to the destination, and uploaded from the disk. */
  captures(): { readonly delivered: number; readonly uploaded: number };
  figures(): SenderFigures;
  isFailing(): boolean;
  /** Delivers without waiting for more, for a limited time. */
  flush(timeoutMs: number): Promise<void>;
  /** Follows a change of the configuration. */
  tune(tuning: CaptureTuning): void;
  stop(): Promise<void>;
};

/** Puts destinations, senders and uploaders together as the configuration asks, and starts them. */
export async function openDelivery({ config, spool, environment, log }: DeliveryOptions): Promise<Delivery> {
  const { origin, embedLimit, batchSize, pushPeriodMs, diskFolder: folder, periodicUploadMs } = config;
  const clock = systemClock;
  const toCloud = config.destination === 'Cloud';
  const bucket = config.bucket === undefined || (!toCloud && periodicUploadMs === undefined) ? undefined : openBucket({ bucket: config.bucket, bytesPerSecond: config.bytesPerSecond, environment, log });
  const destination = toCloud && bucket !== undefined ? bucket.destination : await openDiskDestination({ folder, freeFloorBytes: config.freeFloorBytes });
  const sender = new ObjectSender({ destination, clock, log });
  const uploader = new Uploader({ spool, destination, sender, origin, embedLimit, batchSize, pushPeriodMs, parallel: toCloud ? config.parallel : 1, clock, log });
  const uploadSender = bucket === undefined || periodicUploadMs === undefined ? undefined : new ObjectSender({ destination: bucket.destination, clock, log });
  const periodic = bucket === undefined || periodicUploadMs === undefined || uploadSender === undefined ? undefined : new PeriodicUpload({ folder, destination: bucket.destination, sender: uploadSender, periodMs: periodicUploadMs, clock, log });
  if (!toCloud) uploader.start();
  // Captures are taken at once, also while the token exchange service keeps its first answer waiting. Those that were
  // taken for a bucket wait for it when none is named any more.
  void bucket?.ready.then(() => {
    if (toCloud) uploader.start();
    periodic?.start();
  });
  return {
    captureAdded: () => uploader.captureAdded(),
    captures: () => ({ delivered: uploader.captures, uploaded: periodic?.captures ?? 0 }),
    figures: () => sum(sender.figures, uploadSender?.figures),
    isFailing: () => sender.isFailing || uploadSender?.isFailing === true,
    flush: (timeoutMs) => uploader.flush(timeoutMs),
    tune(tuning) {
      uploader.tune(tuning);
      bucket?.destination.setRate(tuning.bytesPerSecond ?? Infinity);
    },
    async stop() {
      await Promise.all([uploader.stop(), periodic?.stop()]);
      bucket?.close();
    },
  };
}

type Bucket = {
  readonly destination: S3Destination;
  /** Resolves when there are credentials, or it takes long. */
  readonly ready: Promise<void>;
  readonly close: () => void;
};

function openBucket({ bucket, bytesPerSecond = Infinity, environment, log }: { bucket: BucketConfig; bytesPerSecond: number | undefined; environment: NodeJS.ProcessEnv; log: Logger }): Bucket {
  const keeper = new CredentialKeeper({ environment, log });
  const destination = openS3Destination({ ...bucket, bytesPerSecond, credentials: () => keeper.current() });
  return {
    destination,
    ready: keeper.start(),
    close: () => {
      keeper.stop();
      destination.close();
    },
  };
}

function sum(one: SenderFigures, other: SenderFigures | undefined): SenderFigures {
  if (other === undefined) return one;
  const failures = { unreachable: one.failures.unreachable + other.failures.unreachable, refused: one.failures.refused + other.failures.refused, rejected: one.failures.rejected + other.failures.rejected };
  return { objects: one.objects + other.objects, bytes: one.bytes + other.bytes, failures };
}
