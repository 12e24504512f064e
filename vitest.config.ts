import { defineConfig } from 'vitest/config';

/** Resolves workspace packages to their TypeScript sources, so that tests run without a build. */
export const sourceConditions = ['source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions: sourceConditions },
  ssr: { resolve: { conditions: sourceConditions, externalConditions: sourceConditions } },
  test: {
    include: ['{packages,examples}/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/real/**'],
    setupFiles: ['./tests/setup/fast-check-seed.ts'],
    // A fresh module graph for each file would take longer than the tests do; modules keep no state.
    isolate: false,
    maxWorkers: '100%',
    // Only what hangs takes this long: a machine that stops meanwhile, or has much else to do, fails no test.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
