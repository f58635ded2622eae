import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBundle } from '../greengrass/bundle.ts';
import type { Nucleus } from '../greengrass/device.ts';
import { runFescue } from '../greengrass/fescue.ts';

describeBundle('local nucleus', startNucleus);

/** As on a device, the components are another user's where this one is root. */
async function startNucleus(): Promise<Nucleus> {
  const folder = await mkdtemp(join(tmpdir(), 'fescue-nucleus-'));
  await chmod(folder, 0o755);
  const root = join(folder, 'root');
  const user = process.getuid?.() === 0 ? ['--posix-user', 'nobody:65534'] : [];
  const { code, stderr } = await runFescue('nucleus', 'start', '--root', root, ...user);
  if (code !== 0) throw new Error(stderr);
  return {
    to: 'local',
    root,
    async stop() {
      await runFescue('nucleus', 'stop', '--root', root);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
