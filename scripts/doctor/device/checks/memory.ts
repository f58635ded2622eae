import { resolve } from 'node:path';
import { availableBytes, memoryNeeded } from '../../../../components/agent/memory-budget.ts';
import { FescueError } from '../../../../components/common/errors.ts';
import { readableBytes } from '../../../commands/readable-bytes.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, ok, warning } from '../../verdict.ts';
import { modelsAt } from '../ask-agent.ts';
import type { DeviceContext, DeviceView } from '../device-view.ts';

const timeoutMs = 2_000;
/** Less is left only to a system that is about to end processes. */
const leastBytes = 48 * 1024 ** 2;

export const memoryCheck: Check<DeviceContext> = {
  name: 'memory',
  title: 'There is memory for the models',
  meaning: 'Models are refused with RESOURCE_EXHAUSTED, or the kernel ends processes.',
  run: async ({ device }) => memoryVerdict(availableBytes(device.system.base), await largestModel(device)),
};

/** The model that takes the most memory while it loads, which it does again when its worker ended. */
type Largest = { readonly alias: string; readonly bytes: number } | undefined;

export function memoryVerdict(available: number, largest: Largest): Verdict {
  if (available === Infinity) return warning('could not check: this system does not tell what is free', 'Mount /proc.');
  const found = `${readableBytes(available)} available`;
  const remedy = 'Unload models, lower Instances, or raise the memory limit of the nucleus: systemctl show -p MemoryMax greengrass';
  if (available < leastBytes) return fail(found, remedy);
  if (largest === undefined) return ok(found);
  const need = `${largest.alias} takes ${readableBytes(largest.bytes)} to load`;
  return available < largest.bytes ? warning(`${found}; ${need}, and could not be loaded again`, remedy) : ok(`${found}; ${need}`);
}

async function largestModel({ socket, agent: { settings, workFolder = '/' } }: DeviceView): Promise<Largest> {
  try {
    const models = await modelsAt(socket.path, { timeoutMs });
    const needs = await Promise.all(models.map(async ({ name, url }) => ({ alias: name, bytes: await memoryNeeded(resolve(workFolder, url), settings.Instances) })));
    return needs.toSorted((left, right) => right.bytes - left.bytes)[0];
  } catch (error) {
    // That the agent does not answer is told by a check of its own.
    if (error instanceof FescueError) return undefined;
    throw error;
  }
}
