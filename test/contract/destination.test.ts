import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDiskDestination } from '../../components/agent/capture/disk-destination.ts';
import { hasCode } from '../../components/common/errors.ts';
import { memoryDestination } from '../helpers/memory-destination.ts';
import { useS3 } from '../helpers/s3-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { describeDestination, type DestinationUnderTest } from './destination.ts';
import { s3DestinationIn } from './s3-destination.ts';

describeDestination('memory', async () => {
  const destination = memoryDestination();
  return { destination, readUrl: async (url) => destination.objects.get(url.slice('memory:/'.length)), keys: async () => [...destination.objects.keys()].toSorted() };
});

describeDestination('disk', async () => diskDestinationIn(join(await temporaryFolder(), 'not/there/yet')));

describeDestination('S3', async () => s3DestinationIn({ endpoint: (await useS3()).endpoint, bucket: 'sagemaker-captures' }));

describeDestination('S3 at a rate', async () => s3DestinationIn({ endpoint: (await useS3()).endpoint, bucket: 'sagemaker-captures' }, { bytesPerSecond: 1e9 }));

async function diskDestinationIn(folder: string): Promise<DestinationUnderTest> {
  const destination = await openDiskDestination({ folder, freeFloorBytes: 0 });
  const unlessMissing = (error: unknown): undefined => {
    if (!hasCode(error, 'ENOENT')) throw error;
  };
  return {
    destination,
    readUrl: async (url) => readFile(fileURLToPath(url)).catch(unlessMissing),
    async keys() {
      const names = (await readdir(folder, { recursive: true }).catch(unlessMissing)) ?? [];
      const files: string[] = [];
      for (const name of names) if ((await stat(join(folder, name))).isFile()) files.push(name);
      return files.toSorted();
    },
  };
}
