import type { DeviceChange } from '../fleet/changes.ts';
import { countText, devicesText } from '../fleet/figures-text.ts';
import type { DeviceCounts, FleetReport } from '../fleet/fleet-report.ts';
import { readsPerDay } from '../fleet/watch.ts';
import { fleetText } from './fleet-text.ts';
import { printable } from './printable.ts';

/** What rounds cost that read each shadow by itself. */
export function costText({ registered }: DeviceCounts, every: number): string {
  return `Each round reads ${countText(registered)} shadows, which is ${countText(readsPerDay(registered, every))} a day with a round every ${every} s.`;
}

/** A fleet in one line. */
export function countsText({ registered, connected, silent, stopped, neverReported, unreadable }: DeviceCounts, time: Date): string {
  const parts = Object.entries({ connected, silent, stopped, 'never reported': neverReported, unreadable }).filter(([, count]) => count > 0);
  return `${timeText(time)} ${devicesText(registered)}${parts.length === 0 ? '' : `: ${parts.map(([name, count]) => `${countText(count)} ${name}`).join(', ')}`}`;
}

export function changeText({ device, text }: DeviceChange, time: Date): string {
  return `${timeText(time)} ${printable(device)} ${printable(text)}`;
}

/** @property footer kept in sight, whatever has to be left out above @property rows at least one more than the footer has lines */
export type Screen = { readonly report: FleetReport; readonly footer: readonly string[]; readonly rows: number; readonly columns: number };

/** Puts a report in the place of the one before on a terminal, without a moment of nothing. */
export function screenText({ report, footer, rows, columns }: Screen): string {
  const body = fleetText(report).split('\n').slice(0, Math.max(1, rows - footer.length - 1));
  return `\u001b[H${[...body, ...footer].map((line) => `${line.slice(0, columns)}\u001b[K`).join('\r\n')}\u001b[J`;
}

function timeText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
