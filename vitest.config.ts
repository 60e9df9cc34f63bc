import { defineConfig } from 'vitest/config';

// Tests that look at the built package build it once, before the first of them.
const PACKAGE = ['fixtures/hosts/**/*.test.ts', 'fixtures/cases.test.ts', 'scripts/demo.test.ts'];
// Servers are started and statements wait for one another there.
const LAB = ['lab/**/*.test.ts', 'fixtures/lab*.test.ts'];
const NEVER = ['**/node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'engine', include: ['**/*.test.ts'], exclude: [...NEVER, ...PACKAGE, ...LAB], testTimeout: 60_000 } },
      { extends: true, test: { name: 'package', include: PACKAGE, exclude: NEVER, globalSetup: 'scripts/vitest-build.mjs', testTimeout: 180_000, hookTimeout: 180_000 } },
      { extends: true, test: { name: 'lab', include: LAB, exclude: NEVER, testTimeout: 180_000, hookTimeout: 180_000 } },
    ],
  },
});
