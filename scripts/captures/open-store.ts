import { FescueError } from '../../components/common/errors.ts';
import type { CaptureStore, StoreOptions } from './capture-store.ts';
import { openFolderStore } from './folder-store.ts';

/**
 * Opens captured data where it is: `s3://bucket/prefix`, or else a folder.
 *
 * @throws FescueError when there is nothing to open
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<CaptureStore> {
  if (location.startsWith('s3://')) {
    // The SDK takes a while to load, which no other command should wait for.
    const { openS3Store } = await import('./s3-store.ts');
    return openS3Store(location, options);
  }
  if (/^\w+:\/\//.test(location)) throw new FescueError('invalid-argument', `${location} is no place for captured data: expected a folder or s3://bucket/prefix.`);
  if (options.endpoint !== undefined || options.region !== undefined) throw new FescueError('invalid-argument', `${location} is a folder, for which --endpoint and --region mean nothing: expected s3://bucket/prefix, or neither option.`);
  return openFolderStore(location);
}
