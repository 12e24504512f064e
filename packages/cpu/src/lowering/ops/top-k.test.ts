import { runCase } from '@octavo/conformance';
import { float32 } from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

describeWithAddon('TopK on the CPU equals the reference', () => {
  it('along any axis, for equal elements too', async () => {
    const backend = cpu();
    const types = fc.constantFrom('float32', 'int64', 'int32', 'uint8');
    const others = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 });
    const fills = fc.constantFrom('random', 'small');
    const case_ = fc.record({
      dtype: types,
      others,
      at: fc.nat(2),
      length: fc.integer({ min: 1, max: 500 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      largest: fc.boolean(),
      fill: fills,
    });
    await fc.assert(
      fc.asyncProperty(case_, async ({ dtype, others, at, length, part, largest, fill }) => {
        const axis = Math.min(at, others.length);
        const shape = others.toSpliced(axis, 0, length);
        const graph = `graph opset 21 {
          input %x: ${dtype}[${shape.join(', ')}]
          const %k: int64[1] = [${Math.round(part ** 3 * length)}]
          %values, %indices = TopK(%x, %k) {axis=${axis}, largest=${Number(largest)}}
          output %values, %indices
        }`;
        const test = { name: 'top-k', graph, values: { x: fill } } as const;
        expect(await runCase(backend, test)).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 100 },
    );
  });

  it('with its number as an attribute, and where only one result is read', async () => {
    for (const [opset, node] of [
      [9, '%y, %i = TopK(%x) {k=2}\noutput %y, %i'],
      [21, '%y, _ = TopK(%x, %k)\noutput %y'],
      [21, '_, %y = TopK(%x, %k)\noutput %y'],
    ] as const) {
      const constant = opset > 9 ? 'const %k: int64[1] = [2]' : '';
      const graph = `graph opset ${opset} {\ninput %x: float32[3, 5]\n${constant}\n${node}\n}`;
      expect(await runCase(cpu(), { name: 'top-k', graph })).toEqual({ outcome: 'passed' });
    }
  });

  it('for zeros of both signs and infinities, which are in their order', async () => {
    const graph = `graph opset 21 {
      input %x: float32[6]
      const %k: int64[1] = [6]
      %y, %i = TopK(%x, %k)
      %z, %j = TopK(%x, %k) {largest=0}
      output %y, %i, %z, %j
    }`;
    const x = float32([-0, Number.POSITIVE_INFINITY, 0, -1e-42, Number.NEGATIVE_INFINITY, 1e-42]);
    expect(await runCase(cpu(), { name: 'top-k', graph, values: { x } })).toEqual({ outcome: 'passed' });
  });

  it('and is left to it where its number is not constant', async () => {
    const graph = `graph opset 21 {
      input %x: float32[6]
      input %k: int64[1]
      %y: float32[2], %i: int64[2] = TopK(%x, %k)
      output %y, %i
    }`;
    expect(await runCase(cpu(), { name: 'top-k', graph })).toEqual({
      outcome: 'declined',
      reason: 'TopK: how many it gives is not constant',
    });
  });
});
