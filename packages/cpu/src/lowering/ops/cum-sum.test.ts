import { runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

describeWithAddon('CumSum on the CPU equals the reference', () => {
  it('along any axis, from either end, with or without the element itself', async () => {
    const backend = cpu();
    const shapes = fc
      .array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 1 })
      .chain(([long]) =>
        fc
          .array(fc.integer({ min: 1, max: 7 }), { maxLength: 3 })
          .map((others) => ({ long: long ?? 0, others })),
      );
    const types = fc.constantFrom('float32', 'int64', 'int32');
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(types, shapes, fc.nat(3), fc.nat(3), flags, async (...drawn) => {
        const [dtype, { long, others }, at, along, [exclusive, reverse, fromEnd]] = drawn;
        const shape = others.toSpliced(Math.min(at, others.length), 0, long);
        const axis = Math.min(along, shape.length - 1) - (fromEnd ? shape.length : 0);
        const graph = `graph opset 21 {
          input %x: ${dtype}[${shape.join(', ')}]
          const %axis: int32[] = ${axis}
          %y = CumSum(%x, %axis) {exclusive=${Number(exclusive)}, reverse=${Number(reverse)}}
          output %y
        }`;
        expect(await runCase(backend, { name: 'cum-sum', graph })).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 80 },
    );
  });

  it('and is left to it where the axis or the type has no kernel', async () => {
    const declined = async (input: string, axis: string) => {
      const graph = `graph opset 21 { ${input}\n ${axis}\n %y = CumSum(%x, %axis)\n output %y }`;
      return runCase(cpu(), { name: 'cum-sum', graph });
    };
    expect(await declined('input %x: float32[3]', 'input %axis: int64[]')).toEqual({
      outcome: 'declined',
      reason: 'CumSum: its axis is not constant',
    });
    for (const axis of [1, -2]) {
      expect(await declined('input %x: float32[3]', `const %axis: int64[] = ${axis}`)).toEqual({
        outcome: 'declined',
        reason: `CumSum: it has no axis ${axis}`,
      });
    }
    expect(await declined('input %x: float64[3]', 'const %axis: int64[] = 0')).toEqual({
      outcome: 'declined',
      reason: 'CumSum: no kernel for float64',
    });
  });
});
