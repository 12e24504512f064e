import { runCase } from '@octavo/conformance';
import { type Graph, inferTypes, parse, tensorType } from '@octavo/core/ir';
import { float32, StoredTensor, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { compileGraph, graphOf } from '../../../tests/compile-graph.js';
import { cpu } from '../../backend/cpu.js';
import { numbersOf } from '../static-value.js';

describeWithAddon('TopK on the CPU equals the reference', () => {
  it('along any axis, for equal elements too', async () => {
    const backend = cpu();
    const types = fc.constantFrom('float32', 'int64', 'int32', 'uint8', 'bool');
    const others = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 });
    const fills = fc.constantFrom('random', 'small');
    const drawn = fc.record({
      dtype: types,
      others,
      at: fc.nat(2),
      length: fc.integer({ min: 1, max: 500 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      largest: fc.boolean(),
      fill: fills,
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ dtype, others, at, length, part, largest, fill }) => {
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

  it('for what is no number, larger than every number, of either sign', async () => {
    const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
    const x = float32([1, nan, -inf, 3, nan, inf, 2, nan, 0, -1], [2, 5]);
    new DataView(x.data.buffer, x.data.byteOffset).setUint32(4, 0xffc00001, true);
    for (const k of [1, 2, 3, 5]) {
      const graph = `graph opset 21 {
        input %x: float32[2, 5]
        const %k: int64[1] = [${k}]
        %y, %i = TopK(%x, %k)
        %z, %j = TopK(%x, %k) {largest=0}
        output %y, %i, %z, %j
      }`;
      expect(await runCase(cpu(), { name: 'top-k', graph, values: { x } })).toEqual({ outcome: 'passed' });
    }
    const rows = graphOf([
      'input %x: float32[2, 5]',
      'const %k: int64[1] = [5]',
      '_, %i = TopK(%x, %k)',
      '_, %j = TopK(%x, %k) {largest=0}',
      'output %i, %j',
    ]);
    using executable = await compileGraph(rows);
    const [falling, rising] = await executable.run([x]);
    expect(numbersOf(falling)).toEqual([1, 4, 3, 0, 2, 2, 0, 1, 3, 4]);
    expect(numbersOf(rising)).toEqual([2, 0, 3, 1, 4, 4, 3, 1, 0, 2]);
  });

  it.each([
    ['is not constant', ['input %k: int64[1]'], 'how many it gives is not constant'],
    ['is a float', ['const %k: float32[1] = [2]'], 'how many it gives is not one int64'],
    ['is missing', ['const %k: int64[0] = []'], 'how many it gives is not one int64'],
    ['is two numbers', ['const %k: int64[2] = [2, 3]'], 'how many it gives is not one int64'],
    ['is another than declared', ['const %k: int64[1] = [3]'], 'its outputs have 2 of its 3 elements'],
  ])('and is left to it where its number %s', async (_, lines, reason) => {
    const graph = graphOf([
      'input %x: float32[6]',
      ...lines,
      '%y: float32[2], %i: int64[2] = TopK(%x, %k)',
      'output %y, %i',
    ]);
    declare(graph, 2);
    expect(supportOfTop(graph)).toEqual({ supported: false, reason });
  });

  it.each([
    [5, 'it gives other than some of 4 elements'],
    [-9, 'y has a negative size'],
  ])('and is left to it where it is to give %i of 4', (k, reason) => {
    for (const [opset, number, node] of [
      [9, '', `TopK(%x) {k=${k}}`],
      [21, `const %k: int64[1] = [${k}]`, 'TopK(%x, %k)'],
    ] as const) {
      const graph = parse(
        `graph opset ${opset} {\ninput %x: float32[4]\n${number}\n%y, %i = ${node}\noutput %y, %i\n}`,
      );
      inferTypes(graph);
      declare(graph, k);
      expect(supportOfTop(graph)).toEqual({ supported: false, reason });
    }
  });

  it.each([
    ['float32', 8],
    ['int64', 16],
  ])('and is refused where ordering elements of %s takes more memory than allowed', async (dtype, entry) => {
    const graph = graphOf([
      `input %x: ${dtype}[6]`,
      'const %k: int64[1] = [2]',
      '%y, _ = TopK(%x, %k) @few',
      'output %y',
    ]);
    const limit = entry * 7;
    using executable = await compileGraph(graph, { maxTensorBytes: limit });
    expect(executable).toBeDefined();
    await expect(compileGraph(graph, { maxTensorBytes: limit - 1 })).rejects.toMatchObject({
      code: 'TENSOR_TOO_LARGE',
      where: 'node few (TopK)',
    });
  });

  it('and is refused where a number that is read later is another than declared', async () => {
    const graph = graphOf([
      'input %x: float32[6]',
      'const %k: int64[1] = [2]',
      '%y, _ = TopK(%x, %k) @few',
      'output %y',
    ]);
    const [values] = graph.nodes[0]?.outputs ?? [];
    const k = graph.value('k');
    if (!k?.constant || !values) throw new Error('the graph has these values');
    const { dtype, shape, storage } = k.constant;
    k.constant = new StoredTensor(dtype, shape, {
      byteLength: storage.byteLength,
      read: (offset, length) => storage.read(offset, length),
    });
    expect(numbersOf((await runGraph(graph))[0])).toEqual([5, 4]);
    values.type = tensorType('float32', [3]);
    expect(supportOfTop(graph)).toMatchObject({ supported: true });
    await expect(compileGraph(graph)).rejects.toMatchObject({
      code: 'KERNEL_OPERAND',
      where: 'node few (TopK)',
      fault: 'its outputs are declared with 3 elements of the 2 that it gives.',
    });
  });
});

/** Gives the outputs of the only node a length along their only axis. */
function declare(graph: Graph, length: number): void {
  for (const value of graph.nodes[0]?.outputs ?? []) {
    if (value?.dtype) value.type = tensorType(value.dtype, [length]);
  }
}

function supportOfTop(graph: Graph) {
  const [node] = graph.nodes;
  return node && cpu().supports(node, { graph, opset: graph.opset });
}

async function runGraph(graph: Graph): Promise<readonly Tensor[]> {
  using executable = await compileGraph(graph);
  return executable.run([float32([0, 1, 2, 3, 4, 5])]);
}
