import { describe } from 'vitest';
import { CpuError } from '../src/cpu-error.js';
import { type LoadedBinding, loadBinding } from '../src/load-binding.js';

/** The addon, or why there is none. */
function findAddon(): LoadedBinding | CpuError {
  try {
    return loadBinding();
  } catch (error) {
    if (error instanceof CpuError) return error;
    throw error;
  }
}

const found = findAddon();

/** A suite that needs the addon: skipped loudly where it has not been built. */
export function describeWithAddon(name: string, suite: (addon: LoadedBinding) => void): void {
  if (!(found instanceof CpuError)) {
    describe(name, () => suite(found));
    return;
  }
  console.warn(`skipped: ${name}: ${found.message}`);
  describe.skip(name, () => undefined);
}
