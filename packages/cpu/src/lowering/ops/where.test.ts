import { runCase } from '@octavo/conformance';
import { inferTypes, parse } from '@octavo/core/ir';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const list = (values: readonly number[]) => `[${values.join(', ')}]`;

/** A shape, and others that broadcast to it. */
const shapes = fc
  .record({
    shape: fc.array(fc.integer({ min: 0, max: 21 }), { maxLength: 3 }),
    ones: fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 }),
    dropped: fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
  })
  .map(({ shape, ones, dropped }) =>
    ones.map((each, i) => shape.map((size, axis) => (each[axis] ? 1 : size)).slice(dropped[i] ?? 0)),
  );

describeWithAddon('Where on the CPU equals the reference', () => {
  it('for elements of every size, broadcast', async () => {
    const backend = cpu();
    const types = fc.constantFrom('float32', 'int64', 'int32', 'uint8', 'bool', 'float16');
    await fc.assert(
      fc.asyncProperty(types, shapes, async (dtype, [c = [], x = [], y = []]) => {
        const graph = `graph opset 21 {
          input %c: bool${list(c)}
          input %x: ${dtype}${list(x)}
          input %y: ${dtype}${list(y)}
          %z = Where(%c, %x, %y)
          output %z
        }`;
        expect(await runCase(backend, { name: 'where', graph })).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 80 },
    );
  });

  it.each([
    ['int64', 'float32', 'float32', 'no kernel for conditions of int64'],
    ['bool', 'float32', 'float64', 'its values differ in type'],
  ])('but not for a condition of %s, of %s or %s', (c, x, y, reason) => {
    const graph = parse(`graph opset 21 {
      input %c: ${c}[4]
      input %x: ${x}[4]
      input %y: ${y}[4]
      %z = Where(%c, %x, %y)
      output %z
    }`);
    inferTypes(graph);
    const [node] = graph.nodes;
    expect(node && cpu().supports(node, { graph, opset: 21 })).toEqual({ supported: false, reason });
  });
});
