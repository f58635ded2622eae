import { describeDestination } from '../contract/destination.ts';
import { s3DestinationIn } from '../contract/s3-destination.ts';
import { endpoint, makeBucket } from './bucket.ts';

describeDestination('moto', async () => s3DestinationIn({ endpoint, bucket: await makeBucket() }));

describeDestination('moto at a rate', async () => s3DestinationIn({ endpoint, bucket: await makeBucket() }, { bytesPerSecond: 1e9 }));
