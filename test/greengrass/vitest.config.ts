import { defineConfig } from 'vitest/config';

// The suite against a device's own nucleus, by run.ts beside this file; `npm test` does not know it.
export default defineConfig({
  test: {
    include: ['test/greengrass/*.suite.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
  },
});
