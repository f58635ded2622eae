import { defineConfig } from 'vitest/config';

// Suites against a server that is started for them, by run.ts beside this file; `npm test` does not know them. They share
// its one account, and so run one after the other.
export default defineConfig({
  test: {
    include: ['test/aws/*.suite.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
