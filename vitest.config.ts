import { defineConfig } from 'vitest/config';

// Test files start real agents, workers and nuclei: at most two at a time keeps a two-core machine responsive.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
