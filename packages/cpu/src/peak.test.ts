import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { measurePeak, type PeakKind } from './peak.js';

describeWithAddon('the limits of the machine', ({ binding }) => {
  it.each<PeakKind>(['int8', 'float32', 'read'])('%s is positive where an instruction is known', (kind) => {
    const peak = measurePeak(kind, { milliseconds: 1 });
    if (peak === undefined) expect(binding.isa().active).not.toContain('avx2');
    else expect(peak.perSecond).toBeGreaterThan(1e6);
  });

  it('are refused for no threads and more threads than cores', () => {
    for (const threads of [0, 2 ** 20]) {
      expect(() => measurePeak('int8', { threads })).toThrow(
        expect.objectContaining({
          code: 'CPU_INVALID_ARGUMENT',
          message: expect.stringContaining('threads'),
        }),
      );
    }
  });
});
