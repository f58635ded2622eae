import type { Check, Verdict } from '../../check.ts';
import { fail, ok, warning } from '../../verdict.ts';
import type { DeviceContext, DeviceView } from '../device-view.ts';

const patienceMs = 5_000;
/** AWS refuses a signature that is older or newer. */
const refusedMs = 5 * 60_000;
const noticeableMs = 30_000;

export const clockCheck: Check<DeviceContext> = {
  name: 'clock',
  title: 'The clock is right',
  meaning: 'AWS refuses requests whose signature is more than five minutes off, certificates seem to have expired, captures lie in the folder of another hour.',
  run: async ({ device, subject }) => clockVerdict(await deviationMs(timeSource(device, subject.region)), await isSynchronised(device)),
  reconsider: (verdict, { clockAheadMs }) => {
    const clock = verdict.evidence?.uncomparedClock;
    return clock === undefined || clockAheadMs === undefined ? verdict : clockVerdict(clockAheadMs, clock === 'unknown' ? undefined : clock === 'synchronised', 'the machine that asks');
  },
};

/**
 * @param deviation of this clock from another one, in milliseconds; undefined when none could be asked
 * @param other whose clock that is
 */
export function clockVerdict(deviation: number | undefined, synchronised: boolean | undefined, other = 'AWS'): Verdict {
  const remedy = deviation === undefined && synchronised === undefined ? 'Compare date -u with another clock, or let this machine reach AWS' : 'sudo timedatectl set-ntp true, and see that NTP (UDP port 123) leaves the network';
  const synchronisation = synchronised === undefined ? 'whether it is synchronised cannot be told' : synchronised ? 'synchronised' : 'not synchronised';
  if (deviation === undefined) {
    const evidence = { uncomparedClock: synchronised === undefined ? 'unknown' : synchronised ? 'synchronised' : 'not synchronised' } as const;
    if (synchronised === true) return { ...ok('synchronised; AWS could not be reached to compare'), evidence };
    return { ...warning(`${synchronisation}, and AWS could not be reached to compare`, remedy), evidence };
  }
  const found = `${Math.round(Math.abs(deviation) / 1000)} s ${deviation < 0 ? 'behind' : 'ahead of'} ${other}, ${synchronisation}`;
  if (Math.abs(deviation) > refusedMs) return fail(found, remedy);
  if (Math.abs(deviation) > noticeableMs || synchronised === false) return warning(found, remedy);
  return ok(found);
}

/** Any server of AWS tells the time in its answers, refusals too. */
function timeSource({ system: { environment } }: DeviceView, region = environment['AWS_REGION'] ?? 'us-east-1'): string {
  return environment['AWS_ENDPOINT_URL_STS'] ?? environment['AWS_ENDPOINT_URL'] ?? `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

async function deviationMs(url: string): Promise<number | undefined> {
  try {
    const before = Date.now();
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(patienceMs) });
    const now = (before + Date.now()) / 2;
    const theirs = Date.parse(response.headers.get('date') ?? '');
    // Theirs is in whole seconds, cut off.
    return Number.isNaN(theirs) ? undefined : now - (theirs + 500);
  } catch {
    // No network, a proxy, or no such region: there is nothing to compare with.
    return undefined;
  }
}

async function isSynchronised({ system }: DeviceView): Promise<boolean | undefined> {
  const { code, stdout } = await system.run(['timedatectl', 'show', '--property=NTPSynchronized', '--value'], { timeoutMs: patienceMs });
  return code === 0 ? { yes: true, no: false }[stdout.trim()] : undefined;
}
