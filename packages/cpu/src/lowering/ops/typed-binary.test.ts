import { runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const list = (values: readonly number[]) => `[${values.join(', ')}]`;

/** Two shapes that broadcast. */
const shapes = fc
  .record({
    shape: fc.array(fc.integer({ min: 0, max: 21 }), { maxLength: 3 }),
    ones: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    dropped: fc.nat(3),
    swapped: fc.boolean(),
  })
  .map(({ shape, ones, dropped, swapped }): readonly [readonly number[], readonly number[]] => {
    const other = shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(dropped);
    return swapped ? [other, shape] : [shape, other];
  });

/** `op` of x and y; integers and floats in a narrow range where `narrow`, so that some are equal. */
function graph(op: string, dtype: string, [x, y]: readonly (readonly number[])[], narrow: boolean): string {
  const limited = (name: string) => (narrow ? [`%${name}n = Clip(%${name}, %low, %high)`] : []);
  const suffix = narrow ? 'n' : '';
  return [
    'graph opset 21 {',
    `input %x: ${dtype}${list(x ?? [])}`,
    `input %y: ${dtype}${list(y ?? [])}`,
    ...(narrow ? [`const %low: ${dtype}[] = -1`, `const %high: ${dtype}[] = 2`] : []),
    ...limited('x'),
    ...limited('y'),
    `%z = ${op}(%x${suffix}, %y${suffix})`,
    'output %z',
    '}',
  ].join('\n');
}

describeWithAddon('comparisons and integer arithmetic equal the reference', () => {
  const backend = cpu();
  const passes = (text: string) => runCase(backend, { name: 'typed', graph: text });

  it.each(['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'])('%s', async (op) => {
    const types = fc.constantFrom('int32', 'int64', 'float32', 'uint8');
    await fc.assert(
      fc.asyncProperty(types, shapes, fc.boolean(), async (dtype, pair, narrow) => {
        const text = graph(op, dtype, pair, narrow && dtype !== 'uint8');
        expect(await passes(text)).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });

  it('Not', async () => {
    const shape = fc.array(fc.integer({ min: 0, max: 21 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(shape, async (sizes) => {
        const text = `graph opset 21 {\ninput %x: bool${list(sizes)}\n%y = Not(%x)\noutput %y\n}`;
        expect(await passes(text)).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 30 },
    );
  });

  it.each(['And', 'Or', 'Xor', 'Equal'])('%s of truth values', async (op) => {
    await fc.assert(
      fc.asyncProperty(shapes, async (pair) => {
        expect(await passes(graph(op, 'bool', pair, false))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 30 },
    );
  });

  it.each(['Add', 'Sub', 'Mul', 'Min', 'Max'])('%s, modulo the bits of its type', async (op) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('int32', 'int64'),
        shapes,
        fc.boolean(),
        async (dtype, pair, narrow) => {
          expect(await passes(graph(op, dtype, pair, narrow))).toEqual({ outcome: 'passed' });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['int32', 'int64'],
    ['int64', 'int32'],
    ['int64', 'float32'],
    ['bool', 'int32'],
    ['bool', 'int64'],
    ['bool', 'float32'],
    ['uint8', 'int64'],
  ])('Cast of %s to %s', async (from, to) => {
    const code = { float32: 1, int32: 6, int64: 7, bool: 9 }[to];
    const text = `graph opset 21 {\ninput %x: ${from}[3, 37]\n%y = Cast(%x) {to=${code}}\noutput %y\n}`;
    expect(await passes(text)).toEqual({ outcome: 'passed' });
  });

  it.each([
    ['int32', 6],
    ['int64', 7],
    ['float32', 1],
  ])('Cast of %s to truth values', async (_, code) => {
    const lines = `%n = Cast(%x) {to=${code}}\n%y = Cast(%n) {to=9}`;
    expect(await passes(`graph opset 21 {\ninput %x: bool[3, 37]\n${lines}\noutput %y\n}`)).toEqual({
      outcome: 'passed',
    });
  });

  it('rounds int64 to floats once', async () => {
    const lines =
      'const %add: int64[] = 1\nconst %low: int64[] = 68719476736\nconst %high: int64[] = 1152921504606846976';
    const text = `graph opset 21 {\ninput %b: bool[5]\n${lines}
      %n = Cast(%b) {to=7}
      %l = Mul(%n, %low)
      %h = Mul(%n, %high)
      %s = Add(%h, %l)
      %x = Add(%s, %add)
      %y = Cast(%x) {to=1}
      output %y\n}`;
    expect(await passes(text)).toEqual({ outcome: 'passed' });
  });

  it.each([
    ['%x, %low', -3, 2],
    ['%x, _, %high', -3, 2],
    ['%x', -3, 2],
    ['%x, %low, %high', 2, -3],
  ])('Clip(%s) between %i and %i', async (operands, low, high) => {
    const lines = `const %low: int64[] = ${low}\nconst %high: int64[] = ${high}\n%y = Clip(${operands})`;
    expect(await passes(`graph opset 21 {\ninput %x: int64[2, 3, 4, 5]\n${lines}\noutput %y\n}`)).toEqual({
      outcome: 'passed',
    });
  });

  it('declines integers that it has no kernel for, with the reason', async () => {
    expect(await passes(graph('Add', 'int8', [[3], [3]], false))).toEqual({
      outcome: 'declined',
      reason: 'Add: no float kernel for int8',
    });
  });
});
