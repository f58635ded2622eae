import { expect, it } from 'vitest';
import type { HeartbeatChannel } from '../../components/agent/heartbeat/channel.ts';
import { reportAt } from '../helpers/reports.ts';
import { eventually } from '../helpers/use-agent.ts';

export type ChannelUnderTest = {
  /** Started. */
  channel: HeartbeatChannel;
  /** The times of the reports that arrived, oldest first. */
  arrived: () => number[];
  /** Nobody is there to take reports, until `comeBack`. */
  goAway: () => Promise<void>;
  comeBack: () => Promise<void>;
  /** Takes what is sent, and says nothing. */
  fallSilent: () => Promise<void>;
};

/** What everybody relies on who sends heartbeats. The channel waits two seconds for an answer. */
export function describeChannel(use: () => Promise<ChannelUnderTest>): void {
  it('brings reports in the order they are sent, the latest and others', async () => {
    const { channel, arrived } = await use();
    for (const time of [1, 2, 3]) await channel.send(reportAt(time), { isLatest: time === 3 });
    await eventually(() => arrived().length === 3, 'the reports');
    expect(arrived()).toEqual([1, 2, 3]);
  });

  it('rejects with unavailable while nobody is there, and goes on when somebody is', async () => {
    const { channel, arrived, goAway, comeBack } = await use();
    await channel.send(reportAt(1), { isLatest: true });
    await goAway();
    await eventually(async () => channel.send(reportAt(2), { isLatest: true }).then(() => false, () => true), 'the loss');
    await expect(channel.send(reportAt(2), { isLatest: true })).rejects.toMatchObject({ name: 'FescueError', kind: 'unavailable' });
    await comeBack();
    await eventually(async () => channel.send(reportAt(3), { isLatest: true }).then(() => true, () => false), 'the connection');
    await eventually(() => arrived().includes(3), 'the report');
  });

  it('rejects with unavailable in bounded time when nobody answers', async () => {
    const { channel, fallSilent } = await use();
    await fallSilent();
    await expect(channel.send(reportAt(1), { isLatest: true })).rejects.toMatchObject({ name: 'FescueError', kind: 'unavailable' });
  });

  it('can be stopped at any time', async () => {
    const { channel, fallSilent } = await use();
    await fallSilent();
    const sending = channel.send(reportAt(1), { isLatest: true }).catch(() => undefined);
    channel.stop();
    await sending;
  });
}
