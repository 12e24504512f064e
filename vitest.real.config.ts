import { defineConfig } from 'vitest/config';
import { sourceConditions } from './vitest.config.js';

/** Real models and data: slow, two files at a time, skipped loudly where the data is absent. */
export default defineConfig({
  resolve: { conditions: sourceConditions },
  ssr: { resolve: { conditions: sourceConditions, externalConditions: sourceConditions } },
  test: {
    include: ['tests/real/**/*.real.test.ts'],
    maxWorkers: 2,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
