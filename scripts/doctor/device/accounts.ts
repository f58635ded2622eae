import { join } from 'node:path';
import { readText } from '../../../components/common/control-groups.ts';
import type { System } from './device-view.ts';

/** The name of a group of this machine, or its number. */
export function groupName(system: System, id: number): string {
  return nameIn(system, 'etc/group', id);
}

export function userName(system: System, id: number): string {
  return nameIn(system, 'etc/passwd', id);
}

/** `0660` */
export function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function nameIn({ base }: System, file: string, id: number): string {
  const line = (readText(join(base, file)) ?? '').split('\n').find((entry) => entry.split(':')[2] === String(id));
  return line?.split(':')[0] ?? String(id);
}
