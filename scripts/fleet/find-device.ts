import { reportShadow } from '../../components/common/device-report.ts';
import { FescueError } from '../../components/common/errors.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { CloudError } from '../cloud/cloud-error.ts';
import { readShadow } from '../local-nucleus/read-shadows.ts';
import type { FleetDevice } from './device.ts';
import { readShadowDocument } from './read-report.ts';

/** One device of AWS IoT Core. @throws FescueError `not-found` when there is no such thing */
export async function findInCloud(name: string, { things, shadows, region }: Pick<Cloud, 'things' | 'shadows' | 'region'>): Promise<FleetDevice> {
  const document = await shadows.get(name, reportShadow);
  if (document !== undefined) return { name, ...readShadowDocument(document) };
  if (await isThing(name, things)) return { name, report: undefined };
  throw new FescueError('not-found', `There is no thing ${name} in ${region}, and no shadow ${reportShadow} of one. List the devices of a fleet with: fescue fleet status --fleet <name> --region ${region}`);
}

/** Who may not look it up is told that it has not reported. */
async function isThing(name: string, things: Cloud['things']): Promise<boolean> {
  try {
    return (await things.thing(name)) !== undefined;
  } catch (error) {
    if (error instanceof CloudError && error.fault === 'access-denied') return true;
    throw error;
  }
}

/** One device that reports to a local nucleus. @throws FescueError `not-found` when it does not, `failed-precondition` when its file is damaged */
export async function findInLocal(name: string, root: string): Promise<FleetDevice> {
  const onNote = (text: string): never => {
    throw new FescueError('failed-precondition', `${text}. Restart the nucleus, which sets it aside.`);
  };
  const document = await readShadow({ root, thing: name, shadow: reportShadow, onNote });
  if (document !== undefined) return { name, ...readShadowDocument(document) };
  throw new FescueError('not-found', `No device ${name} has reported to the local nucleus in ${root}. List those that have with: fescue fleet status --local ${root}`);
}
