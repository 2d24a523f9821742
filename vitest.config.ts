import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['lib/domain/**', 'lib/app/**'],
      reporter: ['text'],
      skipFull: true,
      reportOnFailure: true,
      reportsDirectory: 'node_modules/.cache/sluice/coverage',
      // Asked for by a whole run with CI=true (test/run.ts), since a part of the tests does not reach all.
      thresholds: {
        // What is left of the branches are defaults that only the compiler asks for (noUncheckedIndexedAccess).
        'lib/domain/**': { statements: 100, functions: 100, lines: 100, branches: 98 },
        'lib/app/**': { statements: 98, functions: 98, lines: 98, branches: 94 },
      },
    },
  },
});
