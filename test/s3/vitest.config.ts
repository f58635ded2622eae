import { defineConfig } from 'vitest/config';

// Suites against a server that is started for them, by run.ts beside this file; `npm test` does not know them.
export default defineConfig({
  test: {
    include: ['test/s3/*.suite.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
