import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real processes and worker threads share two cores with the tests: more workers than cores only adds noise.
    maxWorkers: 2,
  },
});
