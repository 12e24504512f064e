import { type Backend, defineBackend } from '@octavo/backend';
import { kernelTable } from './kernel-table.js';

/**
 * The backend that every other one is measured by: plain TypeScript, float sums in float64, integers bit for bit as
 * `docs/numerics.md` defines them. Slow, and runs anywhere.
 */
export function reference(): Backend {
  return defineBackend({ id: 'reference', kernels: kernelTable });
}

export { kernelTable } from './kernel-table.js';
export { runLoop } from './kernels/control-flow.js';
export { runScan, type ScanSpec, scanSpec } from './kernels/scan.js';
