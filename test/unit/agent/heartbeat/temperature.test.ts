import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cpuTemperature } from '../../../../components/agent/heartbeat/temperature.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

async function board(zones: readonly (readonly [type: string, temp: string | undefined])[]): Promise<string> {
  const root = await temporaryFolder();
  const folder = join(root, 'sys/class/thermal');
  await mkdir(join(folder, 'cooling_device0'), { recursive: true });
  for (const [index, [type, temp]] of zones.entries()) {
    const zone = join(folder, `thermal_zone${index}`);
    await mkdir(zone);
    await writeFile(join(zone, 'type'), `${type}\n`);
    if (temp !== undefined) await writeFile(join(zone, 'temp'), `${temp}\n`);
  }
  return root;
}

test.each([
  ['a Raspberry Pi', [['cpu-thermal', '48312']], 48.3],
  ['a Jetson, whose hottest zone is another', [['CPU-therm', '41500'], ['GPU-therm', '39000'], ['PMIC-Die', '100000'], ['thermal-fan-est', '42000']], 41.5],
  ['a PC', [['acpitz', '27800'], ['x86_pkg_temp', '61000'], ['iwlwifi_1', '45000']], 61],
  ['a board that names none of the CPU', [['acpitz', '27800'], ['battery', '31000']], 31],
  ['a board with a zone that cannot be read', [['cpu-thermal', undefined], ['soc-thermal', '50000']], 50],
  ['a board with sensors that tell nonsense', [['cpu0', '-274000'], ['cpu1', 'warm'], ['cpu2', '255000']], undefined],
  ['a board without zones', [], undefined],
] as const)('%s', async (_, zones, degrees) => {
  expect(await cpuTemperature(await board(zones))).toBe(degrees);
});

test('a system without thermal zones tells none', async () => {
  expect(await cpuTemperature(await temporaryFolder())).toBeUndefined();
});
