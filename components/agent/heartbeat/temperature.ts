import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** As boards name what is on the chip: cpu-thermal (Raspberry Pi, Jetson), x86_pkg_temp, soc-thermal, coretemp, … */
const cpuLike = /cpu|soc|pkg|core/i;
const mostZones = 64;
/** What no board of ours survives is a sensor that is not connected. */
const believable = { least: -40, most: 150 };

/**
 * The temperature of the hottest zone that is about the CPU, or of the hottest of all where none says so.
 *
 * @param root where `/sys` is, for tests
 * @returns degrees Celsius; undefined where the board does not tell
 */
export async function cpuTemperature(root = '/'): Promise<number | undefined> {
  const folder = join(root, 'sys/class/thermal');
  const names = await readdir(folder).catch((): string[] => []);
  const zones = await Promise.all(names.filter((name) => name.startsWith('thermal_zone')).slice(0, mostZones).map(async (name) => readZone(join(folder, name))));
  const known = zones.filter((zone) => zone !== undefined);
  const cpus = known.filter(({ type }) => cpuLike.test(type));
  const degrees = (cpus.length > 0 ? cpus : known).map((zone) => zone.degrees);
  return degrees.length === 0 ? undefined : Math.max(...degrees);
}

async function readZone(folder: string): Promise<{ type: string; degrees: number } | undefined> {
  try {
    const [type, text] = await Promise.all(['type', 'temp'].map(async (file) => readFile(join(folder, file), 'utf8')));
    const degrees = Number.parseInt(text ?? '', 10) / 1000;
    if (!(degrees > believable.least && degrees < believable.most)) return undefined;
    return { type: (type ?? '').trim(), degrees: Math.round(degrees * 10) / 10 };
  } catch {
    // A zone that is switched off cannot be read.
    return undefined;
  }
}
