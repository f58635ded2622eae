/**
 * `npm run test:arm64`: the components as they are packed for arm64, installed as on a device and run under QEMU: the
 * layout of shared memory's status, the agent with the sample model, and the inference component. Where QEMU and the
 * libraries it needs are missing and cannot be downloaded it says so and succeeds. With a path as argument, writes
 * `{"passed": n, "failed": n}` there.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../components/common/errors.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { installBundle, type Bundle } from './bundle.ts';
import { prepareEmulator } from './emulator.ts';
import { captures, classifiesAsHere, livesAsHere, withAgent } from './tests.ts';

const folder = mkdtempSync(join(tmpdir(), 'fescue-arm64-'));
const [resultsFile] = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };

try {
  const emulator = emulatorOrReason();
  if ('reason' in emulator) process.stdout.write(`arm64 tests skipped: ${emulator.reason}\n`);
  else await check('the components for arm64 can be built and installed', async () => runTests(await bundle(emulator.program)));
  if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(counts));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function emulatorOrReason(): { program: string } | { reason: string } {
  if (process.arch === 'arm64') return { reason: 'this machine is one, and npm test runs on it' };
  try {
    return { program: prepareEmulator(folder) };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function bundle(emulator: string): Promise<Bundle> {
  const agent = { UnixSocketName: join(folder, 'agent.sock'), LogLevel: 'error', CaptureDataDestination: 'Disk', CaptureDataDiskPath: join(folder, 'capture') };
  return installBundle({ folder, emulator, configuration: { [componentNames.agent]: { MERGE: agent } } });
}

async function runTests(bundle: Bundle): Promise<void> {
  await check('a segment is at every step of its life what the kernel says it is', () => livesAsHere(bundle));
  await withAgent({ bundle, socketPath: join(folder, 'agent.sock') }, async (running) => {
    await check('the inference component classifies a photo as on this processor, through shared memory', () => classifiesAsHere(running));
    await check('the agent classifies a photo with the sample model, and captures it', () => captures(running));
  });
}

async function check(name: string, test: () => Promise<void> | void): Promise<void> {
  try {
    await test();
    counts.passed += 1;
    process.stdout.write(`arm64: ${name}: passed\n`);
  } catch (error) {
    counts.failed += 1;
    process.exitCode = 1;
    process.stdout.write(`arm64: ${name}: failed\n${messageOf(error)}\n`);
  }
}
