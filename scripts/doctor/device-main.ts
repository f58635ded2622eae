/** The part of doctor that runs on a device without a checkout: bundled into one program, which gets a DeviceRequest as its argument and prints DeviceLines. */
import { messageOf } from '../../components/common/errors.ts';
import type { DeviceRequest } from './device-facts.ts';
import { type DeviceLine, printedLine } from './device-lines.ts';
import { examineDevice } from './device/examine-device.ts';
import { thisSystem } from './device/open-device.ts';

/** A connection that is gone shows at the next line. */
const signOfLifeMs = 1_000;

async function main(): Promise<void> {
  const print = (line: DeviceLine): void => void process.stdout.write(printedLine(line));
  process.stdout.on('error', () => process.exit(1));
  const life = setInterval(() => print({ is: 'alive' }), signOfLifeMs);
  try {
    const request = JSON.parse(process.argv.at(-1) ?? '') as DeviceRequest;
    const facts = await examineDevice(request, { system: thisSystem(request.host), onStart: (check) => print({ is: 'check', check }) });
    print({ is: 'facts', facts, now: Date.now() });
  } catch (error) {
    print({ is: 'failure', message: messageOf(error) });
  } finally {
    clearInterval(life);
  }
}

void main();
