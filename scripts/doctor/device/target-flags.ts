import { greengrassRoot } from '../../deploy/greengrass-target.ts';
import type { DeviceView } from './device-view.ts';

/** The flags by which `fescue deploy` and `fescue logs` reach the Greengrass of a device. @example ' --to greengrass --host pi@camera-4' */
export function targetFlags({ nucleus, system: { host } }: Pick<DeviceView, 'nucleus' | 'system'>): string {
  if (nucleus === undefined) return '';
  if (nucleus.kind === 'local') return ` --root ${nucleus.root}`;
  const target = nucleus.kind === 'lite' ? ' --to lite' : ` --to greengrass${nucleus.root === greengrassRoot ? '' : ` --root ${nucleus.root}`}`;
  return host === undefined ? target : `${target} --host ${host}`;
}
