import type { DeviceFacts, DeviceRequest } from '../doctor/device-facts.ts';
import { localRoot } from '../deploy/local-target.ts';
import { sshRunner } from '../deploy/ssh-runner.ts';
import { examineDevice } from '../doctor/device/examine-device.ts';
import { thisSystem } from '../doctor/device/open-device.ts';
import { interruption, progress as tell } from './components-run.ts';
import { printable } from './printable.ts';
import type { ProgressLine } from './progress-line.ts';

/** Examines this machine. */
export async function examineHere(request: DeviceRequest, progress: ProgressLine): Promise<DeviceFacts> {
  return examineDevice(request, { system: thisSystem(), localRoot, onStart: (name) => progress.show(`checking ${name} …`) });
}

/** Examines another machine over ssh. @throws FescueError as `remoteDevice` */
export async function examineOn(host: string, request: DeviceRequest, progress: ProgressLine): Promise<DeviceFacts> {
  const signal = interruption(() => tell('Stopping …'));
  const [{ remoteDevice }, runner] = await Promise.all([import('../doctor/remote-device.ts'), sshRunner(host, signal)]);
  const note = (text: string): void => {
    progress.end();
    tell(printable(text));
  };
  try {
    progress.show(`connecting to ${host} …`);
    const examine = remoteDevice({ runner, host, signal, tell: note });
    return await examine(request, (name) => progress.show(`checking ${name} on ${host} …`));
  } finally {
    await runner.close();
  }
}
