import { defineConfig } from 'vitest/config';
import { sourceConditions } from './vitest.config.js';

/** ONNX's backend tests on each backend, counted by op: `npm run conformance`. */
export default defineConfig({
  resolve: { conditions: sourceConditions },
  ssr: { resolve: { conditions: sourceConditions, externalConditions: sourceConditions } },
  test: {
    include: ['tests/conformance/*.conformance.ts'],
    disableConsoleIntercept: true,
    reporters: ['dot'],
  },
});
