import { defineConfig } from 'vitest/config';
import real from './vitest.real.config.js';

/** Comparisons with other quantizers: needs Python with the packages of bench/peers/requirements.txt. */
export default defineConfig({
  ...real,
  test: { ...real.test, include: ['bench/peers/**/*.peers.ts'], fileParallelism: false },
});
