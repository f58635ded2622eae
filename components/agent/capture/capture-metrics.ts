import { metricText } from '../metrics-text.ts';
import type { CaptureFigures } from './capture-messages.ts';

/** What captures cost and what became of them, in Prometheus' text format; nothing while nothing was captured. */
export function captureMetricsText(figures: CaptureFigures | undefined, nowMs = Date.now()): string {
  if (figures === undefined) return '';
  const { waiting, bytes, oldestMs, accepted, delivered, uploaded, dropped, quarantined, sent, failing } = figures;
  const one = (value: number): { labels: Record<string, string>; value: number }[] => [{ labels: {}, value }];
  const by = (label: string, values: Readonly<Record<string, number>>): { labels: Record<string, string>; value: number }[] => Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
  return (
    metricText('fescue_capture_spool_captures', 'gauge', 'Captures accepted and not delivered yet.', one(waiting)) +
    metricText('fescue_capture_spool_bytes', 'gauge', 'Bytes the spool takes.', one(bytes)) +
    metricText('fescue_capture_oldest_age_seconds', 'gauge', 'Age of the oldest capture that is not delivered; 0 without any.', one(oldestMs === null ? 0 : Math.max(0, (nowMs - oldestMs) / 1000))) +
    metricText('fescue_capture_accepted_total', 'counter', 'Captures accepted since the capture process started.', one(accepted)) +
    metricText('fescue_capture_delivered_total', 'counter', 'Captures delivered to their destination.', one(delivered)) +
    metricText('fescue_capture_uploaded_total', 'counter', 'Captures uploaded from the disk (CaptureDataPeriodicUpload).', one(uploaded)) +
    metricText('fescue_capture_dropped_total', 'counter', 'Captures given up: for want of room, because they were damaged, or because the destination takes others but not them.', by('reason', dropped)) +
    metricText('fescue_capture_quarantined_total', 'counter', 'Damaged or rejected parts of the spool that were put aside.', one(quarantined)) +
    metricText('fescue_capture_objects_total', 'counter', 'Objects delivered.', one(sent.objects)) +
    metricText('fescue_capture_sent_bytes_total', 'counter', 'Bytes of the objects delivered.', one(sent.bytes)) +
    metricText('fescue_capture_failures_total', 'counter', 'Tries to deliver that failed.', by('fault', sent.failures)) +
    metricText('fescue_capture_failing', 'gauge', '1 while the last try to deliver has failed.', one(failing ? 1 : 0))
  );
}
