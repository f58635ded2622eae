import { describeBundle } from './bundle.ts';

describeBundle('classic nucleus', async () => ({ to: 'greengrass', root: process.env['GG_ROOT'] ?? '', stop: async () => undefined }));
