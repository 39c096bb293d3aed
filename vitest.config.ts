import { defineConfig } from 'vitest/config';

/** Commands that only compute, in processes of their own: no device, nothing that is timed. */
const computing = ['test/e2e/cost-*.test.ts', 'test/e2e/prices.test.ts'];

/** GPU, browser and CLI runs take one device each; several at once would only time each other out. */
const oneAtATime = { fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } };

/** All processors; left alone, Vitest keeps one for itself, which of two is half. */
const sideBySide = { maxWorkers: '100%', sequence: { groupOrder: 0 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          ...sideBySide,
        },
      },
      {
        test: {
          name: 'gpu',
          include: ['test/gpu/**/*.test.ts'],
          globalSetup: ['test/support/choose-test-adapter.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          ...oneAtATime,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          ...oneAtATime,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: computing,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          ...oneAtATime,
        },
      },
      {
        test: {
          name: 'e2e-cost',
          include: computing,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...sideBySide,
        },
      },
    ],
  },
});
