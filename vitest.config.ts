import { defineConfig } from 'vitest/config';

/** Tests that start processes of their own: several each, with timeouts between them. */
const PROCESS_TESTS = 'test/process/**/*.test.ts';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // More workers than cores only adds noise.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'in-process',
          include: ['test/**/*.test.ts'],
          exclude: [PROCESS_TESTS],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // One file at a time, and after the others, so that replicas do not starve each other into failovers.
        test: { name: 'processes', include: [PROCESS_TESTS], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
