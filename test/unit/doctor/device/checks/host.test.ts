import { expect, test } from 'vitest';
import { clockVerdict } from '../../../../../scripts/doctor/device/checks/clock.ts';
import { roomVerdict } from '../../../../../scripts/doctor/device/checks/disk.ts';
import { memoryVerdict } from '../../../../../scripts/doctor/device/checks/memory.ts';
import { limitsVerdict } from '../../../../../scripts/doctor/device/checks/shared-memory.ts';
import { openDevice } from '../../../../../scripts/doctor/device/open-device.ts';
import { layDown, runDeviceCheck, systemIn } from '../../../../helpers/doctor-device.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

const mebibyte = 1024 ** 2;

test.each([
  [{ freeMiB: 127, spooledMiB: 0 }, 'fail', /127\.0 MiB free .* captures are refused/],
  [{ freeMiB: 383, spooledMiB: 0 }, 'warning', /a full spool .* takes 384\.0 MiB/],
  [{ freeMiB: 383, spooledMiB: 1 }, 'ok', /383\.0 MiB free/],
  [{ freeMiB: 299, spooledMiB: 256 }, 'warning', /an update of the runtime takes/],
  [{ freeMiB: 300, spooledMiB: 300 }, 'ok', /free/],
])('a disk with %j is %s', ({ freeMiB, spooledMiB }, status, found) => {
  const verdict = roomVerdict({ folder: '/work', freeBytes: freeMiB * mebibyte, spooledBytes: spooledMiB * mebibyte, floorBytes: 128 * mebibyte, spoolBytes: 256 * mebibyte });
  expect(verdict).toMatchObject({ status, found: expect.stringMatching(found) as string });
});

const largest = { alias: 'classifier', bytes: 100 * mebibyte };

test.each([
  [47, largest, 'fail'],
  [99, largest, 'warning'],
  [100, largest, 'ok'],
  [60, undefined, 'ok'],
])('%d MiB of memory with the model %j is %s', (available, model, status) => {
  expect(memoryVerdict(available * mebibyte, model).status).toBe(status);
});

test('memory that nobody tells of is no failure', () => {
  expect(memoryVerdict(Infinity, undefined)).toMatchObject({ status: 'warning', found: expect.stringContaining('could not check') as string });
});

test.each([
  [0, true, 'ok'],
  [0, undefined, 'ok'],
  [0, false, 'warning'],
  [31_000, true, 'warning'],
  [-301_000, true, 'fail'],
  [301_000, undefined, 'fail'],
  [undefined, true, 'ok'],
  [undefined, false, 'warning'],
  [undefined, undefined, 'warning'],
])('a clock %s ms off, synchronised %s, is %s', (deviation, synchronised, status) => {
  expect(clockVerdict(deviation, synchronised).status).toBe(status);
});

const limits = { largestBytes: 2 ** 40, allBytes: 2 ** 40, mostSegments: 4096, segments: 1, usedBytes: 10 };

test.each([
  [limits, 'ok'],
  [{ ...limits, segments: 4096 }, 'fail'],
  [{ ...limits, segments: 3800 }, 'warning'],
  [{ ...limits, usedBytes: 2 ** 40 }, 'fail'],
  [{ ...limits, largestBytes: 32 * mebibyte }, 'warning'],
])('shared memory with %j is %s', (given, status) => {
  expect(limitsVerdict(given, { segmentBytes: 64 * mebibyte, temporaryBytes: undefined }).status).toBe(status);
});

test('the limits of shared memory are read from the kernel, whose list has one row per segment', async () => {
  const base = await temporaryFolder();
  const head = '       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n';
  const row = '         0          3   400                602112  4711  4711      1     0     0     0     0 1795632673          0 1795632673                602112                     0\n';
  await layDown(base, { 'proc/sysvipc/shm': head + row + row, 'proc/sys/kernel/shmmax': '18446744073692774399\n', 'proc/sys/kernel/shmall': '18446744073692774399\n', 'proc/sys/kernel/shmmni': '4096\n' });
  const device = await openDevice(systemIn(base), { root: '/none' });
  expect(await runDeviceCheck('shared-memory', device)).toMatchObject({ status: 'ok', found: '2 of 4096 segments, 1.1 MiB in use' });
  expect(await runDeviceCheck('shared-memory', { ...device, system: systemIn('/none') })).toMatchObject({ status: 'warning', found: 'this kernel has no System V shared memory' });
});
